import { ref } from 'vue'

export type Theme = 'light' | 'dark'

const KEY = 'hotline.theme'

export const theme = ref<Theme>(localStorage.getItem(KEY) === 'dark' ? 'dark' : 'light')

export function useTheme(chosen: Theme): void {
  theme.value = chosen
  localStorage.setItem(KEY, chosen)
  document.documentElement.classList.toggle('dark', chosen === 'dark')
}
