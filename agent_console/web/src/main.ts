import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { startConsole } from './console'
import { useElements } from './element'
import { i18n, useLanguage } from './i18n'
import { theme, useTheme } from './lib/theme'
import { createConsoleRouter } from './router'
import './styles/tokens.css'
import './styles/base.css'

useTheme(theme.value)
useLanguage(i18n.global.locale.value)

const app = createApp(App).use(createPinia()).use(i18n)
useElements(app)
app.use(createConsoleRouter(startConsole()))
app.mount('#app')
