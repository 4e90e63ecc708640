/** One error in words: what happened, what was kept, what to do. */
export interface ErrorText {
  message: string
  kept?: string
  next_step?: string
}

const KEPT = '已填写的内容都保留着。'
const SEAT_FIRST = '请先选择席位。'
const ASK_ADMIN = '如确有需要，请联系管理员。'
const RELOAD = '请刷新后按最新情况重新操作。'
const WAIT = '恢复后会自动继续。'

/** The errors of the server and of the console by their names. */
export const errors: Record<string, ErrorText> = {
  ConsoleOffline: { message: '暂时连不上服务器。', kept: KEPT, next_step: '恢复连接后会自动继续，也可以稍后重试。' },
  ReplyTimedOut: { message: '服务器没有及时答复。', kept: KEPT, next_step: '请稍后重试。' },
  NotInThisCall: { message: '您不在这通电话中。', kept: '录音没有变化。' },
  ConsoleError: { message: '页面出错。', next_step: '请刷新页面重试。' },
  ServerError: { message: '服务器出错。', kept: KEPT, next_step: '请稍后重试；仍不成功请联系管理员。' },
  Unexpected: { message: '服务器出错。', kept: KEPT, next_step: '请稍后重试；仍不成功请联系管理员。' },
  RecordingUnplayable: { message: '录音无法播放。', kept: '录音仍在库中。', next_step: '请刷新页面重试；仍不成功请联系管理员。' },
  InputInvalid: { message: '输入内容不符合要求。', kept: KEPT, next_step: '请改正后重试。' },
  MessageUnreadable: { message: '页面与服务器版本不一致。', kept: KEPT, next_step: '请刷新页面。' },

  EntryNotFound: { message: '黑名单中没有这条记录。', next_step: RELOAD },
  EntryInvalid: { message: '号码或期限不符合要求。', kept: '没有号码被拉黑。', next_step: '请填写完整号码，期限不超过一年。' },
  NumberListed: { message: '该号码已在黑名单或待审批。', kept: '原记录未改动。', next_step: '请处理原记录。' },
  SecondPersonNeeded: { message: '申请人不能审批自己的申请。', kept: '申请仍在等待。', next_step: '请由另一人审批。' },
  EntryCannotMove: { message: '这条记录的状态已变化。', kept: '记录未改动。', next_step: RELOAD },
  EntryChangedMeanwhile: { message: '他人已先审批。', kept: '以他人的审批为准。', next_step: RELOAD },
  MissedNotFound: { message: '没有这条漏接记录。', next_step: RELOAD },
  MissedCannotMove: { message: '这条漏接已处理。', kept: '记录未改动。', next_step: RELOAD },
  MissedChangedMeanwhile: { message: '他人已先处理。', kept: '以他人的处理为准。', next_step: RELOAD },
  SkillUnknown: { message: '没有这项技能。', kept: '技能未改动。', next_step: '请刷新页面后重选。' },
  PersonUnknown: { message: '没有这个人员。', next_step: '请刷新大厅页面。' },

  NotSignedIn: { message: '登录已失效。', kept: '已保存的草稿不会丢失。', next_step: '请重新登录。' },
  SignInRefused: { message: '用户名或密码不正确。', next_step: '请重试；忘记密码请联系管理员重置。' },
  TooManyAttempts: { message: '登录失败次数过多，已暂时锁定。', next_step: '请稍后再试，或联系管理员重置密码。' },
  NotPermitted: { message: '您的角色没有这项权限。', next_step: ASK_ADMIN },
  Forbidden: { message: '您的角色没有这项权限。', next_step: ASK_ADMIN },
  ForeignOrigin: { message: '请求来自其他网站，已被拒绝。', next_step: '请从工作台自己的地址打开。' },

  Unavailable: { message: '服务暂时不可用。', kept: KEPT, next_step: WAIT },
  DatabaseAway: { message: '数据库暂时不可用。', kept: KEPT, next_step: WAIT },
  DatabaseBusy: { message: '数据库繁忙。', kept: KEPT, next_step: WAIT },
  PostgresUnavailable: { message: '数据库暂时不可用。', kept: KEPT, next_step: WAIT },
  NotFound: { message: '没有找到，或您无权查看。' },
  Conflict: { message: '他人刚刚做了修改。', kept: KEPT, next_step: RELOAD },
  CursorInvalid: { message: '列表位置已失效。', next_step: '请重新加载列表。' },

  SeatUnknown: { message: '没有这个席位。', next_step: '请选择其他席位。' },
  SeatTaken: { message: '该席位已有人入席。', next_step: '请选择其他席位。' },
  NoSeat: { message: '您尚未入席。', next_step: SEAT_FIRST },
  AtNoSeat: { message: '您尚未入席。', next_step: SEAT_FIRST },
  NoSeatForPhone: { message: '您尚未入席，没有可注册的话机。', next_step: SEAT_FIRST },
  InCallElsewhere: { message: '您在另一席位正在通话。', next_step: '请在通话结束后再换席。' },
  NotInWrapUp: { message: '整理时间已结束，无法延长。', kept: KEPT, next_step: '需要更多时间请选择示忙。' },
  PauseReasonReserved: { message: '该示忙原因由系统设置，不能手动选择。', next_step: '请选择其他原因。' },
  SeatNotTalking: { message: '该席位已不在这次通话中。', kept: '没有做任何操作。' },
  OwnPhoneBusy: { message: '您自己正在通话。', next_step: '请先结束自己的通话。' },
  ListensToItself: { message: '这是您自己的席位。', next_step: '请选择其他席位。' },
  NobodyAtSeat: { message: '该席位已无人入席。', kept: '没有做任何改动。' },
  IllegalSeatMove: { message: '席位当前状态不允许此操作。', next_step: '请按席位的最新状态操作。' },
  NobodyToTell: { message: '所选席位都没有人。', kept: '通知内容还在。', next_step: '请选择其他席位。' },
  NoticeReused: { message: '这条通知已用其他内容发过。', next_step: '请作为新通知再发。' },
  NoticeUnknown: { message: '没有找到这条通知。', next_step: RELOAD },
  SeatChangedMeanwhile: { message: '席位状态刚刚变化。', next_step: '请按当前状态重新操作。' },
  PhoneNotRegistered: {
    message: '话机尚未注册，不能就绪。',
    kept: '席位保持示忙。',
    next_step: '请查看通话栏中的话机提示：允许麦克风、接好耳麦，待显示“话机正常”后再就绪。',
  },

  CallUnknown: { message: '没有找到这次通话，或您无权查看。' },
  CallNotYours: { message: '没有找到这次通话，或不是您接听的。' },
  CallNotGiven: { message: '找不到该工单对应的通话。', kept: KEPT, next_step: '请从通话页面受理，或作为无来电工单提交。' },
  NoNumberSent: { message: '来电没有显示号码，无法查看。' },
  NumberNotUsable: { message: '来电没有显示号码，无法查看。' },
  TooFewDigits: { message: '号码位数太少，匹配的通话过多。', next_step: '请至少输入后三位。' },
  ReasonMissing: { message: '请填写原因。' },
  RecordingNotStored: { message: '录音尚未入库。', next_step: '请稍后再试。' },
  RecordingStillWritten: { message: '录音仍在写入。', next_step: '请稍后再试。' },
  FileMissing: { message: '录音文件不在库中。', next_step: '请联系管理员。' },

  DraftOutdated: { message: '草稿在另一处刚刚保存过。', kept: KEPT },
  DraftFiled: { message: '这份草稿已经提交为工单。', kept: KEPT },
  DraftNotYours: { message: '没有找到这份草稿。', kept: KEPT },

  CaseNotFound: { message: '没有找到这件工单，或您无权查看。' },
  CaseWithoutContent: { message: '请填写诉求内容。' },
  CaseWithoutStreet: { message: '请选择街道。' },
  UnknownStreet: { message: '没有这个街道。', next_step: '请从列表中选择。' },
  UnknownCommunity: { message: '没有这个社区。', next_step: '请从列表中选择。' },
  CommunityNotInStreet: { message: '该社区不属于所选街道。', next_step: '请重新选择街道或社区。' },
  CaseWithoutClass: { message: '请选择诉求分类。' },
  UnknownClass: { message: '该诉求分类已停用或不存在。', next_step: '请从列表中选择。' },
  AnsweredWithoutAnswer: { message: '请填写答复内容。' },
  RequestReused: { message: '这次提交已用其他内容立案。', next_step: '请查看已立案的工单，其余内容另行提交。' },
  CaseChangedMeanwhile: { message: '他人刚刚处理了这件工单。', kept: KEPT, next_step: RELOAD },
  CaseCannotMove: { message: '工单当前状态不允许此操作。', next_step: RELOAD },

  CallbackNotFound: { message: '没有找到这次回访。' },
  CallbackInThePast: { message: '回访时间应晚于现在。' },
  CallbackTooFar: { message: '回访时间太远。', next_step: '请选择较近的时间。' },
  CallbackTimeUnclear: { message: '回访时间不明确。', next_step: '请重新选择时间。' },
  VisitWithoutAddress: { message: '上门回访需要填写问题点位。' },
  CancelWithoutReason: { message: '请填写取消原因。' },
  CallbackRequestReused: { message: '这次安排已用其他内容提交过。', next_step: RELOAD },
  CallbackChangedMeanwhile: { message: '他人刚刚修改了这次回访。', kept: KEPT, next_step: RELOAD },
  OrderRequestReused: { message: '这次操作已经下达过别的指令。', kept: '没有重复执行。', next_step: RELOAD },
  OrderExpired: { message: '与电话系统的连接中断，指令没有执行。', kept: '没有呼叫任何人。', next_step: '连接恢复后请重新操作。' },
  OrderFateUnknown: {
    message: '执行指令时与电话系统的连接中断，不能确定是否已执行。',
    kept: '系统不会自动重复执行。',
    next_step: '请先查看席位和通话的当前状态，再决定是否重新操作。',
  },
  OrderUnreadable: { message: '指令内容不正确，没有执行。', next_step: '请联系管理员。' },
  OrderCannotMove: { message: '指令当前状态不允许此操作。', next_step: RELOAD },
  CallGone: { message: '通话已经结束。' },
  SeatNotInCall: { message: '该席位已不在这次通话中。' },
  SeatDidNotAnswer: { message: '席位话机没有接起。', kept: '没有呼叫对方。', next_step: '请检查话机是否已连接、是否空闲，然后重试。' },
  AmiNotConnected: { message: '与电话系统的连接中断，指令没有执行。', next_step: '连接恢复后请重新操作。' },
  AmiActionFailed: { message: '电话系统拒绝了这次操作。', kept: '没有任何改变。', next_step: '请按当前状态重新操作。' },
  AmiUnsafeText: { message: '指令内容不正确，没有执行。', next_step: '请联系管理员。' },

  SeatInCall: { message: '席位正在通话。', kept: '没有呼叫任何人。', next_step: '请先结束当前通话。' },
  CannotDial: { message: '现在不能拨打。', kept: '没有呼叫任何人。' },
  StillDialling: { message: '正在呼叫中，或他人正在呼叫该市民。', kept: '没有再次呼叫。', next_step: '请等这次通话结束。' },
  ResultOwing: { message: '上一次通话的结果还没有登记。', kept: '没有呼叫任何人。', next_step: '请先登记结果，再拨打。' },
  TooSoonToDial: { message: '还没有到下一次可拨打的时间。', kept: '没有呼叫任何人。', next_step: '请在列表所示时间之后再拨。' },
  NotByPhone: { message: '这次回访约定上门进行。', kept: '没有呼叫任何人。' },
  NoNumberToDial: { message: '工单没有可以拨打的号码。', kept: '没有呼叫任何人。' },
  AttemptNotFound: { message: '没有找到您的这次呼叫。' },
  NothingToFile: { message: '这次呼叫还没有可登记的结果。', next_step: '请等通话结束后登记。' },
  ResultFiled: { message: '这次呼叫的结果已经登记过。', kept: '以先登记的为准。' },
  CallbackCannotMove: { message: '这次回访当前状态不允许此操作。', next_step: RELOAD },
}
