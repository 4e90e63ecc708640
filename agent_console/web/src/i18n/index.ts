import { createI18n } from 'vue-i18n'
import { en } from './en'
import { zh, type Messages } from './zh-CN'

export type Language = 'zh-CN' | 'en'

const KEY = 'hotline.language'

export const i18n = createI18n<[Messages], Language, false>({
  legacy: false,
  locale: localStorage.getItem(KEY) === 'en' ? 'en' : 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh, en },
})

export function useLanguage(language: Language): void {
  i18n.global.locale.value = language
  localStorage.setItem(KEY, language)
  document.documentElement.lang = language
}
