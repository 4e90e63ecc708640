import { init, type ECharts } from 'echarts/core'
import { onBeforeUnmount, onMounted, shallowRef, type Ref } from 'vue'

/** A chart for as long as its component stands, always as large as its box; `begin` draws it first. */
export function useChart(box: Readonly<Ref<HTMLElement | null>>, begin: (chart: ECharts) => void): Readonly<Ref<ECharts | null>> {
  const chart = shallowRef<ECharts | null>(null)
  let resizing: ResizeObserver | undefined

  onMounted(() => {
    if (!box.value) return
    chart.value = init(box.value)
    begin(chart.value)
    resizing = new ResizeObserver(() => chart.value?.resize())
    resizing.observe(box.value)
  })
  onBeforeUnmount(() => {
    resizing?.disconnect()
    chart.value?.dispose()
  })
  return chart
}
