import type { Messages } from './zh-CN'

declare module 'vue-i18n' {
  // The words that components may ask for.
  export interface DefineLocaleMessage extends Messages {}
}
