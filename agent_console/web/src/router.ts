import { watch } from 'vue'
import { createRouter, createWebHistory, type RouteRecordRaw, type Router } from 'vue-router'
import { useSession, type Permission } from '@/entities/session/store'

declare module 'vue-router' {
  interface RouteMeta {
    /** Any one of these opens the page. */
    needs?: readonly Permission[]
  }
}

/** The pages, in the order in which a person without a wish of their own is sent to the first that is open to them. */
const PAGES: RouteRecordRaw[] = [
  { path: '/desk', name: 'desk', meta: { needs: ['desk.sit'] }, component: () => import('./pages/desk/DeskPage.vue') },
  { path: '/intake', name: 'intake', meta: { needs: ['cases.file'] }, component: () => import('./pages/intake/IntakePage.vue') },
  { path: '/hall', name: 'hall', meta: { needs: ['seats.watch'] }, component: () => import('./pages/hall/HallPage.vue') },
  {
    path: '/dispatching',
    name: 'dispatching',
    meta: { needs: ['cases.dispatch', 'cases.coordinate', 'cases.grant'] },
    component: () => import('./pages/desks/DispatchPage.vue'),
  },
  {
    path: '/verifying',
    name: 'verifying',
    meta: { needs: ['cases.verify'] },
    component: () => import('./pages/desks/VerifyPage.vue'),
  },
  {
    path: '/reviews/:reviewId?',
    name: 'reviews',
    props: (route) => ({ reviewId: route.params.reviewId || undefined }),
    meta: { needs: ['reviews.judge'] },
    component: () => import('./pages/reviews/ReviewsPage.vue'),
  },
  {
    path: '/calibrations',
    name: 'calibrations',
    meta: { needs: ['reviews.judge'] },
    component: () => import('./pages/reviews/CalibrationsPage.vue'),
  },
  {
    path: '/calls',
    name: 'calls',
    meta: { needs: ['calls.read', 'calls.read_own'] },
    component: () => import('./pages/calls/CallsPage.vue'),
  },
  {
    path: '/calls/:callId',
    name: 'call',
    props: true,
    meta: { needs: ['calls.read', 'calls.read_own'] },
    component: () => import('./pages/call/CallPage.vue'),
  },
  { path: '/said', name: 'said', meta: { needs: ['transcripts.search'] }, component: () => import('./pages/said/SaidPage.vue') },
  { path: '/cases', name: 'cases', meta: { needs: ['cases.read'] }, component: () => import('./pages/cases/CasesPage.vue') },
  {
    path: '/cases/:caseId',
    name: 'case',
    props: true,
    meta: { needs: ['cases.read'] },
    component: () => import('./pages/case/CasePage.vue'),
  },
  { path: '/map', name: 'map', meta: { needs: ['cases.read'] }, component: () => import('./pages/map/MapPage.vue') },
  {
    path: '/tasks/:caseId?/:n?',
    name: 'tasks',
    props: true,
    meta: { needs: ['tasks.handle'] },
    component: () => import('./pages/tasks/TasksPage.vue'),
  },
  {
    path: '/patrols',
    name: 'patrols',
    meta: { needs: ['patrols.walk'] },
    component: () => import('./pages/patrols/PatrolsPage.vue'),
  },
  {
    path: '/patrols/report',
    name: 'patrol-report',
    meta: { needs: ['patrols.walk'] },
    component: () => import('./pages/patrols/ReportPage.vue'),
  },
  {
    path: '/patrols/:patrolId',
    name: 'patrol',
    props: true,
    meta: { needs: ['patrols.walk'] },
    component: () => import('./pages/patrols/PatrolPage.vue'),
  },
  {
    path: '/diary/:entryId?',
    name: 'diary',
    props: (route) => ({ journal: 'diary', entryId: route.params.entryId || undefined }),
    meta: { needs: ['rounds.write', 'rounds.read'] },
    component: () => import('./pages/rounds/RoundsPage.vue'),
  },
  {
    path: '/ledger/:entryId?',
    name: 'ledger',
    props: (route) => ({ journal: 'ledger', entryId: route.params.entryId || undefined }),
    meta: { needs: ['rounds.write', 'rounds.read'] },
    component: () => import('./pages/rounds/RoundsPage.vue'),
  },
  {
    path: '/special/:entryId?',
    name: 'special',
    props: (route) => ({ entryId: route.params.entryId || undefined }),
    meta: { needs: ['special.read', 'rounds.write', 'tasks.handle'] },
    component: () => import('./pages/special/SpecialPage.vue'),
  },
  {
    path: '/callbacks',
    name: 'callbacks',
    meta: { needs: ['callbacks.read'] },
    component: () => import('./pages/callbacks/CallbacksPage.vue'),
  },
  {
    path: '/figures',
    name: 'figures',
    meta: { needs: ['figures.read'] },
    component: () => import('./pages/figures/FiguresPage.vue'),
  },
  {
    path: '/assignments',
    name: 'assignments',
    meta: { needs: ['reviews.assign'] },
    component: () => import('./pages/reviews/AssignmentsPage.vue'),
  },
  {
    path: '/boards',
    name: 'boards',
    meta: { needs: ['boards.read', 'boards.read_group'] },
    component: () => import('./pages/boards/BoardsPage.vue'),
  },
  {
    path: '/boards/list',
    name: 'board-list',
    meta: { needs: ['boards.read', 'boards.read_group'] },
    component: () => import('./pages/boards/BoardListPage.vue'),
  },
  {
    path: '/boards/agents/:agentId',
    name: 'board-agent',
    props: true,
    meta: { needs: ['boards.read', 'boards.read_group'] },
    component: () => import('./pages/boards/AgentBoardPage.vue'),
  },
  {
    path: '/quality/rules/:ruleId?',
    name: 'quality-rules',
    props: (route) => ({ ruleId: (route.params.ruleId as string) || undefined }),
    meta: { needs: ['quality.read'] },
    component: () => import('./pages/quality/RulesPage.vue'),
  },
  {
    path: '/my-quality/:reviewId?',
    name: 'own-quality',
    props: (route) => ({ reviewId: route.params.reviewId || undefined }),
    meta: { needs: ['reviews.read_own'] },
    component: () => import('./pages/own-quality/OwnQualityPage.vue'),
  },
  { path: '/leaders', name: 'leaders', meta: { needs: ['leaders.read'] }, component: () => import('./pages/leaders/LeadersPage.vue') },
  { path: '/missed', name: 'missed', meta: { needs: ['missed.read'] }, component: () => import('./pages/missed/MissedPage.vue') },
  {
    path: '/blacklist',
    name: 'blacklist',
    meta: { needs: ['blacklist.read'] },
    component: () => import('./pages/blacklist/BlacklistPage.vue'),
  },
  {
    path: '/status',
    name: 'status',
    meta: { needs: ['system.watch'] },
    component: () => import('./pages/status/StatusPage.vue'),
  },
  {
    path: '/recognition',
    name: 'recognition',
    meta: { needs: ['recognition.watch'] },
    component: () => import('./pages/recognition/RecognitionPage.vue'),
  },
]

export function createConsoleRouter(console: { enter: () => void }): Router {
  const session = useSession()
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      { path: '/', name: 'home', component: { render: () => null } },
      { path: '/sign-in', name: 'sign-in', component: () => import('./pages/sign-in/SignInPage.vue') },
      ...PAGES,
      { path: '/:rest(.*)*', redirect: '/' },
    ],
  })

  // who watches the hall has a desk only for the sake of a phone
  const home = () =>
    PAGES.find((page) => page.name === (session.can('seats.watch') ? 'hall' : 'desk') && session.canAny(page.meta?.needs ?? [])) ??
    PAGES.find((page) => session.canAny(page.meta?.needs ?? []))
  let tried = false

  router.beforeEach(async (to) => {
    if (!session.me && !tried) {
      tried = true
      await session.resume().catch(() => {})
    }
    if (!session.me) return to.name === 'sign-in' || { name: 'sign-in', query: { to: to.fullPath } }
    console.enter()
    if (to.name === 'sign-in') return { name: 'home' }
    if (to.name === 'home' || (to.meta.needs && !session.canAny(to.meta.needs))) {
      const first = home()
      return first ? { name: first.name as string } : true
    }
    return true
  })

  watch(
    () => session.me,
    (me) => {
      const { name, fullPath } = router.currentRoute.value
      if (!me && name !== 'sign-in') void router.push({ name: 'sign-in', query: { to: fullPath } })
    },
  )
  return router
}
