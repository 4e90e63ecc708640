import type { CaseQuestion } from '@/entities/case/filter'
import type { BoardQuestion } from '@/entities/board/question'
import type { Carrier } from '@/entities/outbox/send'
import type {
  AdditionAsked,
  AdditionMade,
  AgentTrend,
  Answers,
  AnswersView,
  AppealVerdict,
  AssignWish,
  Assignments,
  AttachmentRules,
  AttachmentView,
  AttemptView,
  BatchDone,
  BatchWish,
  Beat,
  BlacklistAsk,
  BlacklistView,
  Board,
  BoardCall,
  BoardChoices,
  BoardHit,
  BoardReview,
  CalibrationView,
  CalibrationWish,
  Calibrations,
  CallBlacklist,
  CallDetail,
  CallHits,
  CallRow,
  CallbackView,
  CaseCounts,
  ClipAsked,
  EarlierText,
  FoundCall,
  ComponentOffer,
  CaseDetail,
  CaseMap,
  CasePatrols,
  CaseSummary,
  CitizenNumber,
  CoachingView,
  CoachingWish,
  ColleagueNotes,
  CurrentAttempt,
  DeskQueue,
  DraftText,
  DrawDone,
  ExportAsked,
  ExportView,
  FiguresView,
  FilterKept,
  GridLocation,
  GroupView,
  GrownCaseWish,
  LeaderSessionView,
  LoopView,
  MapLevel,
  Matter,
  Me,
  MissedView,
  Options,
  Outlook,
  OutlookAsked,
  PatrolDetail,
  PatrolTask,
  PeaksView,
  PhoneTargets,
  PlaceCandidate,
  PlanWish,
  PlatformStatus,
  RecognitionStatus,
  ReconciledDay,
  RetryDone,
  ReportedCase,
  RevealedNumber,
  ReviewDetail,
  ReviewQueue,
  ReviewView,
  ReviewerView,
  RoundAmended,
  RoundCounts,
  RoundDetail,
  RoundFilter,
  RoundView,
  RoundWritten,
  RecheckAsked,
  RecheckView,
  RuleDetail,
  RuleList,
  SavedFilterView,
  SeatView,
  SheetSaved,
  SheetWish,
  SkillsView,
  Softphone,
  SpecialDetail,
  SpecialEntered,
  SpecialFilter,
  SpecialLists,
  SpecialView,
  Suggestions,
  SuggestionsAsked,
  SwitchOff,
  SwitchOn,
  TranscriptView,
  TrialAsked,
  TrialView,
  UnitTask,
  UnitTaskDetail,
  UnitKind,
  UnitView,
} from './messages.gen'
import { rest } from './rest'

/** One page of a keyset-paged list. */
export interface Page<Item> {
  items: Item[]
  next_cursor: string | null
}

/** The areas of a level as GeoJSON. */
export interface GridShapes {
  type: 'FeatureCollection'
  features: { type: 'Feature'; properties: { code: string; name: string; cp: [number, number] }; geometry: unknown }[]
}

export interface CallFilter {
  number?: string
  seat?: string
  outcome?: string
  score?: string
  mine?: boolean
}

export interface SaidQuestion {
  q: string
  without: string
  leg: '' | 'caller' | 'seat'
  class_code: string
  agent: string
  said_from: string | null
  said_to: string | null
}

export interface CallbackFilter {
  state?: string
  due_before?: string
}

const id = encodeURIComponent

const carrier: Carrier = {
  photo: (at, photo, internal) =>
    rest.upload<AttachmentView>(
      `/${at}/attachments`,
      { request_id: photo.id, name: photo.name, size: photo.blob.size, internal },
      photo.blob,
    ),
  result: (at, result) => rest.post<PatrolDetail>(`/${at}/result`, result),
  report: (report) => rest.post<CaseSummary>('/patrols/reports', report),
}

/** Every question that the console asks over HTTP. */
export const api = {
  carrier,
  attachmentRules: () => rest.get<AttachmentRules>('/attachments/rules'),
  attachments: (at: string) => rest.get<AttachmentView[]>(`/${at}/attachments`),
  releaseAttachment: (caseId: string, attachmentId: string) =>
    rest.post<AttachmentView>(`/cases/${id(caseId)}/attachments/${id(attachmentId)}/release`, {}),
  fileUrl: (attachmentId: string, show: boolean) => `/api/attachments/${id(attachmentId)}/file${show ? '?show=true' : ''}`,
  patrolFileUrl: (patrolId: string, attachmentId: string, show: boolean) =>
    `/api/patrols/${id(patrolId)}/attachments/${id(attachmentId)}/file${show ? '?show=true' : ''}`,
  patrols: (done: boolean) => rest.get<PatrolTask[]>('/patrols', { done }),
  patrol: (patrolId: string) => rest.get<PatrolDetail>(`/patrols/${id(patrolId)}`),
  patrolReports: () => rest.get<ReportedCase[]>('/patrols/reports'),
  beat: () => rest.get<Beat>('/patrols/beat'),
  setBeat: (streets: string[]) => rest.put<Beat>('/patrols/beat', { streets }),
  casePatrols: (caseId: string) => rest.get<CasePatrols>(`/cases/${id(caseId)}/patrols`),
  setPatrols: (caseId: string, wish: PlanWish) => rest.put<CasePatrols>(`/cases/${id(caseId)}/patrols`, wish),
  gridAt: (longitude: number, latitude: number) => rest.get<GridLocation>('/grid/at', { longitude, latitude }),
  me: () => rest.get<Me>('/session'),
  signIn: (username: string, password: string) => rest.post<Me>('/session', { username, password }),
  signOut: () => rest.remove('/session'),
  options: () => rest.get<Options>('/options'),
  softphone: () => rest.get<Softphone>('/softphone'),
  phoneTargets: () => rest.get<PhoneTargets>('/softphone/targets'),
  components: (near: { q: string; street: string; community: string; longitude?: number | undefined; latitude?: number | undefined }) =>
    rest.get<ComponentOffer[]>('/components', near),
  places: (typed: string, street: string) => rest.get<PlaceCandidate[]>('/places', { q: typed, street }),
  seats: () => rest.get<SeatView[]>('/seats'),
  leaders: () => rest.get<LeaderSessionView[]>('/leaders'),
  openLeader: (userId: string, minutes: number) =>
    rest.post<LeaderSessionView>('/leaders', { user_id: userId, minutes }),
  endLeader: (sessionId: string) => rest.post<LeaderSessionView>(`/leaders/${id(sessionId)}/end`, {}),
  missed: (state: string) => rest.get<MissedView[]>('/missed', { state }),
  callMissed: (missedId: string, requestId: string) =>
    rest.post<unknown>(`/missed/${id(missedId)}/call`, { request_id: requestId }),
  endMissed: (missedId: string, move: 'finish' | 'drop', note: string) =>
    rest.post<MissedView>(`/missed/${id(missedId)}/end`, { move, note }),
  blacklist: () => rest.get<BlacklistView[]>('/blacklist'),
  askBlacklist: (wish: BlacklistAsk) => rest.post<BlacklistView>('/blacklist', wish),
  decideBlacklist: (entryId: string, move: 'agree' | 'decline' | 'lift') =>
    rest.post<BlacklistView>(`/blacklist/${id(entryId)}/decision`, { move }),
  skills: (userId: string) => rest.get<SkillsView>(`/seats/skills/${id(userId)}`),
  figures: (span: string, day: string | null) => rest.get<FiguresView>('/figures', { span, day }),
  recognition: () => rest.get<RecognitionStatus>('/recognition'),
  retryRecognition: (callIds: string[]) => rest.post<RetryDone>('/recognition/retry', { call_ids: callIds }),
  reconciledDays: () => rest.get<ReconciledDay[]>('/status/reconciliations'),
  status: () => rest.get<PlatformStatus>('/status'),
  calls: (filter: CallFilter, cursor?: string | null) => rest.get<Page<CallRow>>('/calls', { ...filter, cursor }),
  call: (callId: string) => rest.get<CallDetail>(`/calls/${id(callId)}`),
  colleagueNotes: (callId: string) => rest.get<ColleagueNotes[]>(`/calls/${id(callId)}/notes`),
  callCases: (callId: string) => rest.get<CaseSummary[]>(`/calls/${id(callId)}/cases`),
  hits: (callId: string) => rest.get<CallHits>(`/calls/${id(callId)}/hits`),
  rules: () => rest.get<RuleList>('/quality/rules'),
  rule: (ruleId: string) => rest.get<RuleDetail>(`/quality/rules/${id(ruleId)}`),
  ruleOff: (ruleId: string, off: SwitchOff) => rest.post<RuleDetail>(`/quality/rules/${id(ruleId)}/off`, off),
  saveRuleDraft: (draft: DraftText) => rest.put<RuleDetail>('/quality/drafts', draft),
  discardRuleDraft: (draftId: string, revision: number) => rest.post<void>(`/quality/drafts/${draftId}/discard`, { revision }),
  ruleOn: (draftId: string, on: SwitchOn) => rest.post<RuleDetail>(`/quality/drafts/${draftId}/on`, on),
  askTrial: (draftId: string, asked: TrialAsked) => rest.post<TrialView>(`/quality/drafts/${draftId}/trials`, asked),
  rechecks: () => rest.get<RecheckView[]>('/quality/rechecks'),
  orderRecheck: (asked: RecheckAsked) => rest.post<RecheckView>('/quality/rechecks', asked),
  trial: (trialId: string) => rest.get<TrialView>(`/quality/trials/${trialId}`),
  earlierTexts: (callId: string) => rest.get<EarlierText[]>(`/calls/${id(callId)}/transcripts`),
  earlierText: (callId: string, revision: number) =>
    rest.get<TranscriptView>(`/calls/${id(callId)}/transcripts/${revision}`),
  peaks: (callId: string) => rest.get<PeaksView>(`/calls/${id(callId)}/peaks`),
  recordingUrl: (callId: string) => `/api/calls/${id(callId)}/recording`,
  reveal: (callId: string, reason: string) => rest.post<RevealedNumber>(`/calls/${id(callId)}/reveal`, { reason }),
  revealSaid: (callId: string, reason: string) => rest.post<TranscriptView>(`/calls/${id(callId)}/transcript/reveal`, { reason }),
  said: (question: SaidQuestion, cursor?: string | null) => rest.get<Page<FoundCall>>('/said', { ...question, cursor }),
  takeClip: (callId: string, asked: ClipAsked) => rest.download(`/calls/${id(callId)}/clips`, asked),
  callBlacklist: (callId: string) => rest.get<CallBlacklist>(`/calls/${id(callId)}/blacklist`),
  cases: (filter: CaseQuestion, cursor?: string | null) => rest.get<Page<CaseSummary>>('/cases', { ...filter, cursor }),
  caseCounts: (filter: CaseQuestion) => rest.get<CaseCounts>('/cases/counts', { ...filter }),
  caseFilters: () => rest.get<SavedFilterView[]>('/cases/filters'),
  keepFilter: (kept: FilterKept) => rest.post<SavedFilterView>('/cases/filters', kept),
  forgetFilter: (filterId: string) => rest.remove(`/cases/filters/${id(filterId)}`),
  exports: () => rest.get<ExportView[]>('/exports'),
  askExport: (wish: ExportAsked) => rest.post<ExportView>('/exports', wish),
  exportUrl: (exportId: string) => `/api/exports/${id(exportId)}/file`,
  case: (caseId: string) => rest.get<CaseDetail>(`/cases/${id(caseId)}`),
  group: (caseId: string) => rest.get<GroupView>(`/cases/${id(caseId)}/group`),
  suggestions: (asked: SuggestionsAsked) => rest.post<Suggestions>('/cases/suggestions', asked),
  outlook: (form: OutlookAsked) => rest.post<Outlook>('/cases/outlook', form),
  addToCase: (caseId: string, addition: AdditionAsked) => rest.post<AdditionMade>(`/cases/${id(caseId)}/additions`, addition),
  caseCallbacks: (caseId: string) => rest.get<CallbackView[]>(`/cases/${id(caseId)}/callbacks`),
  caseAttempts: (caseId: string) => rest.get<AttemptView[]>(`/cases/${id(caseId)}/attempts`),
  loop: (caseId: string) => rest.get<LoopView>(`/cases/${id(caseId)}/loop`),
  moveCase: (caseId: string, act: string, body: Record<string, unknown>) =>
    rest.post<LoopView>(`/cases/${id(caseId)}/${act}`, body),
  desk: (desk: 'dispatching' | 'verifying', matter: Matter | null) => rest.get<DeskQueue>(`/desks/${desk}`, { matter }),
  dispatchMany: (wish: BatchWish) => rest.post<BatchDone>('/dispatch/batch', wish),
  caseMap: (filter: CaseQuestion, level: MapLevel) => rest.get<CaseMap>('/cases/map', { ...filter, level }),
  gridShapes: (level: MapLevel, street: string) => rest.get<GridShapes>('/grid/shapes', { level, street }),
  fileAnswers: (callbackId: string, answers: Answers) => rest.post<AnswersView>(`/callbacks/${id(callbackId)}/answers`, answers),
  units: (q: string, kind: readonly UnitKind[]) => rest.get<UnitView[]>('/units', { q, kind, limit: 200 }),
  unitTasks: (done: boolean) => rest.get<UnitTask[]>('/tasks', { done }),
  unitTask: (caseId: string, n: number) => rest.get<UnitTaskDetail>(`/tasks/${id(caseId)}/${n}`),
  moveTask: (caseId: string, n: number, act: string, body: Record<string, unknown>) =>
    rest.post<UnitTaskDetail>(`/tasks/${id(caseId)}/${n}/${act}`, body),
  citizenNumber: (caseId: string, n: number, body: Record<string, unknown>) =>
    rest.post<CitizenNumber>(`/tasks/${id(caseId)}/${n}/number`, body),
  rounds: (journal: string, filter: Partial<RoundFilter>, cursor?: string | null) =>
    rest.get<Page<RoundView>>(`/rounds/${journal}`, { ...filter, cursor }),
  roundCounts: (journal: string, filter: Partial<RoundFilter>, by: string) =>
    rest.get<RoundCounts>(`/rounds/${journal}/counts`, { ...filter, by }),
  round: (journal: string, entryId: string) => rest.get<RoundDetail>(`/rounds/${journal}/${id(entryId)}`),
  writeRound: (journal: string, said: RoundWritten) => rest.post<RoundDetail>(`/rounds/${journal}`, said),
  amendRound: (journal: string, entryId: string, said: RoundAmended) =>
    rest.post<RoundDetail>(`/rounds/${journal}/${id(entryId)}/amendment`, said),
  growRound: (journal: string, entryId: string, wish: GrownCaseWish) =>
    rest.post<RoundDetail>(`/rounds/${journal}/${id(entryId)}/case`, wish),
  specialLists: (filter: Partial<SpecialFilter>) => rest.get<SpecialLists>('/special/lists', { ...filter }),
  specialEntries: (filter: Partial<SpecialFilter>, cursor?: string | null) =>
    rest.get<Page<SpecialView>>('/special/entries', { ...filter, cursor }),
  specialEntry: (entryId: string) => rest.get<SpecialDetail>(`/special/entries/${id(entryId)}`),
  enterSpecial: (said: SpecialEntered) => rest.post<SpecialDetail>('/special/entries', said),
  moveSpecial: (entryId: string, act: string, body: Record<string, unknown>) =>
    rest.post<SpecialDetail>(`/special/entries/${id(entryId)}/${act}`, body),
  growSpecial: (entryId: string, wish: GrownCaseWish) =>
    rest.post<SpecialDetail>(`/special/entries/${id(entryId)}/case`, wish),
  reviewQueue: () => rest.get<ReviewQueue>('/reviews/queue'),
  drawReviews: () => rest.post<DrawDone>('/reviews/draw', {}),
  pickReview: (callId: string) => rest.post<ReviewDetail>('/reviews/picks', { call_id: callId }),
  review: (reviewId: string) => rest.get<ReviewDetail>(`/reviews/${id(reviewId)}`),
  openReview: (reviewId: string) => rest.post<ReviewDetail>(`/reviews/${id(reviewId)}/opening`, {}),
  saveReview: (reviewId: string, wish: SheetWish) => rest.put<SheetSaved>(`/reviews/${id(reviewId)}/sheet`, wish),
  scoreReview: (reviewId: string, wish: SheetWish) => rest.post<ReviewDetail>(`/reviews/${id(reviewId)}/score`, wish),
  voidReview: (reviewId: string, revision: number, reason: string) =>
    rest.post<ReviewDetail>(`/reviews/${id(reviewId)}/void`, { revision, reason }),
  coach: (reviewId: string, wish: CoachingWish) => rest.post<ReviewDetail>(`/reviews/${id(reviewId)}/coaching`, wish),
  appealReview: (reviewId: string, reason: string) =>
    rest.post<ReviewDetail>(`/reviews/${id(reviewId)}/appeal`, { reason }),
  decideAppeal: (reviewId: string, verdict: AppealVerdict) =>
    rest.post<ReviewDetail>(`/reviews/${id(reviewId)}/appeal/decision`, verdict),
  ownReviews: (cursor?: string | null) => rest.get<Page<ReviewView>>('/reviews/own', { cursor }),
  ownCoaching: () => rest.get<CoachingView[]>('/reviews/coaching'),
  readCoaching: (taskId: string) => rest.post<CoachingView>(`/reviews/coaching/${id(taskId)}/reading`, {}),
  reviewers: () => rest.get<ReviewerView[]>('/reviews/reviewers'),
  assignments: () => rest.get<Assignments>('/reviews/waiting'),
  assignReview: (reviewId: string, wish: AssignWish) => rest.post<Assignments>(`/reviews/${id(reviewId)}/assignment`, wish),
  board: (question: BoardQuestion) => rest.get<Board>('/boards', { ...question }),
  boardChoices: () => rest.get<BoardChoices>('/boards/choices'),
  boardHits: (question: BoardQuestion, which: string, cursor?: string | null, limit?: number) =>
    rest.get<Page<BoardHit>>('/boards/hits', { ...question, which, cursor, limit }),
  boardCalls: (question: BoardQuestion, which: string, cursor?: string | null) =>
    rest.get<Page<BoardCall>>('/boards/calls', { ...question, which, cursor }),
  boardReviews: (question: BoardQuestion, which: string, cursor?: string | null) =>
    rest.get<Page<BoardReview>>('/boards/reviews', { ...question, which, cursor }),
  agentTrend: (agentId: string, { first, last }: Pick<BoardQuestion, 'first' | 'last'>) =>
    rest.get<AgentTrend>(`/boards/agents/${id(agentId)}`, { first, last }),
  ownTrend: () => rest.get<AgentTrend>('/boards/own'),
  exportBoard: (question: BoardQuestion) =>
    rest.download('/boards/export', Object.fromEntries(Object.entries(question).filter(([, value]) => value))),
  calibrations: () => rest.get<Calibrations>('/reviews/calibrations'),
  calibrate: (wish: CalibrationWish) => rest.post<CalibrationView>('/reviews/calibrations', wish),
  currentAttempt: () => rest.get<CurrentAttempt>('/attempts/current'),
  callbacks: (filter: CallbackFilter, cursor?: string | null) =>
    rest.get<Page<CallbackView>>('/callbacks', { ...filter, cursor }),
}
