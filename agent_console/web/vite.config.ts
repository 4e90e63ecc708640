import { fileURLToPath, URL } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

// `npm run dev` talks to a hotline server that runs beside it.
const server = process.env.HOTLINE_URL ?? 'http://127.0.0.1:8080'

// A chunk for each library that changes only with its version, so that a new release of the console is a small download.
const CHUNKS: Record<string, RegExp> = {
  vue: /node_modules\/(@vue|vue|vue-router|pinia|vue-i18n|@intlify)\//,
  elements: /node_modules\/(element-plus|@element-plus|@floating-ui|@popperjs|dayjs|lodash-es|async-validator)\//,
  phone: /node_modules\/(jssip|sdp-transform|debug|events)\//,
  player: /node_modules\/wavesurfer\.js\//,
}

function chunkOf(id: string): string | undefined {
  return Object.keys(CHUNKS).find((name) => CHUNKS[name]?.test(id))
}

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2022',
    chunkSizeWarningLimit: 700, // the map's page brings the charting library, for itself alone
    rollupOptions: { output: { manualChunks: chunkOf } },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: server, ws: true, changeOrigin: false } },
  },
  // a busy machine may take its time
  test: { environment: 'happy-dom', include: ['tests/**/*.test.ts'], testTimeout: 30_000 },
})
