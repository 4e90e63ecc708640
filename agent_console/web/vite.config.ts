import { fileURLToPath, URL } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

// `npm run dev` talks to a hotline server that runs beside it.
const server = process.env.HOTLINE_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2022',
    // Element Plus is one chunk that changes only with its version; everything else stays small.
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      output: {
        manualChunks: {
          vue: ['vue', 'vue-router', 'pinia', 'vue-i18n'],
          elements: ['element-plus'],
          phone: ['jssip'],
          player: ['wavesurfer.js'],
        },
      },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: server, ws: true, changeOrigin: false } },
  },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.ts'] },
})
