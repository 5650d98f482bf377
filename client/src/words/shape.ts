// Written from messages/en-GB.json by `vitest run -u test/messages.test.ts`: change it there.

export interface Words {
  product: string; tagline: string; cases: string; lounges: string; newCase: string; newTab: string; me: string; simulated: string;
  urgency: {
    emergency: string; urgent: string; today: string; routine: string;
  };
  urgencyHint: {
    emergency: string; urgent: string; today: string; routine: string;
  };
  waiting: (given: { clock: string | number }) => string; answered: (given: { time: string | number }) => string;
  replies: (given: { n: number }) => string; justNow: string;
  status: {
    loading: string; connecting: string; offline: string;
  };
  signIn: {
    title: string; hint: string; tokenTitle: string; tokenHint: string; token: string; go: string; noDemo: string;
  };
  list: {
    title: string; anyUrgency: string; anySpecialty: string; filters: string; waiting: string; mine: string; ownSpecialties: string; followed: string;
    states: {
      going: string; open: string; answered: string; resolved: string; reopened: string; withdrawn: string; all: string;
    };
    state: string; urgency: string; specialty: string; more: string; emptyTitle: string; empty: string; clear: string; noneTitle: string;
    none: string; choose: string; chooseTitle: string;
  };
  case: {
    about: string; question: string; patient: string; presentation: string; history: string; examination: string; investigations: string;
    investigation: string; result: string; reference: string; range: (given: { low: string | number; high: string | number }) => string;
    below: (given: { high: string | number }) => string; above: (given: { low: string | number }) => string; high: string; low: string;
    ageOver: string;
    sex: {
      female: string; male: string; other: string;
    };
    states: {
      resolved: string; reopened: string; withdrawn: string;
    };
    outcomes: {
      confirmed: string; probable: string; unresolved: string; referred: string;
    };
    briefly: {
      confirmed: string; probable: string; unresolved: string; referred: string;
    };
    stateAs: (given: { state: string | number; outcome: string | number }) => string; views: (given: { n: number }) => string; ending: string;
    acceptedAnswer: string; acceptedBy: (given: { who: string | number }) => string; follow: string; followed: string; unfollowed: string;
    mute: string; muted: string; unmuted: string; resolve: string; resolveTitle: string; resolveNote: string; resolved: string; outcome: string;
    diagnosis: string; diagnosisOptional: string; diagnosisNeeded: string; learned: string; learnedHint: string; accepted: string;
    acceptedNone: string; reopen: string; reopened: string; withdraw: string; withdrawn: string; correct: string; correctTitle: string;
    correctNote: string; correctSubmit: string; corrected: string; nothingChanged: string;
    fields: {
      title: string; presentation: string; question: string; diagnosis: string; learned: string;
    };
    followUp: (given: { days: number }) => string; followUpSend: string; followUpSent: string; cancel: string; more: string;
  };
  form: {
    title: string; lead: string; steps: string; step: (given: { at: string | number; all: string | number }) => string;
    names: {
      question: string; patient: string; findings: string; audience: string; preview: string;
    };
    stepWrong: string; next: string; previous: string; skip: string; optional: string; caseTitle: string; caseTitleHint: string; specialty: string;
    choose: string; urgency: string; presentation: string; presentationHint: string; question: string; questionHint: string; age: string;
    ageHint: string; ageUnit: string;
    ageUnits: {
      years: string; months: string; weeks: string; days: string;
    };
    sex: string;
    sexes: {
      female: string; male: string; other: string;
    };
    history: string; historyHint: string; examination: string; examinationHint: string; investigations: string; investigationsHint: string;
    unread: (given: { n: number }) => string; audience: string; all: string; specialties: string; members: string; membersLabel: string;
    specialtiesLabel: string; licence: string; licenceHint: string; licenceNone: string; language: string; preview: string; nothingYet: string;
    submit: string; posting: string; saved: string; problems: (given: { n: number }) => string;
    needed: {
      title: string; specialty: string; presentation: string; question: string; specialties: string; members: string;
      age: (given: { most: string | number }) => string;
    };
    tooLong: (given: { n: number }) => string; failed: string; posted: string; discard: string; discarded: string; findSpecialty: string;
    findSpecialtyHint: string; foundSpecialties: (given: { n: number }) => string; leaveOut: (given: { name: string | number }) => string;
  };
  room: {
    back: string; show: string; hide: (given: { n: number }) => string; composer: string; composerLounge: string; send: string; reply: string;
    replyTo: (given: { who: string | number }) => string; replyingTo: (given: { who: string | number }) => string; cancel: string; editing: string;
    save: string; editLater: string; changedMeanwhile: (given: { text: string | number }) => string; more: string;
    moreOf: (given: { who: string | number }) => string; messageBy: (given: { who: string | number }) => string; toOriginal: string; notFound: string;
    react: string; reaction: (given: { mark: string | number; n: string | number; names: string | number }) => string; direct: string;
    openThread: string; thread: string; closeThread: string; threadComposer: string; edit: string; pin: string; unpin: string; pinned: string;
    pins: (given: { n: number }) => string; copyLink: string; linkCopied: string; copyText: string; markUnread: string; unreadMarked: string;
    unreadFrom: string; versions: string; versionsNote: string; redact: string; redactTitle: string; redactNote: string; redactDone: string;
    writeAgain: string; close: string; call: string; followUp: string; language: (given: { language: string | number }) => string; toNewest: string;
    loadingNewer: string; sending: string; waiting: string; sent: string; failed: string; retry: string; discard: string; discarded: string;
    you: string; edited: string; redacted: string; somebody: (given: { n: string | number }) => string; system: string;
    fresh: (given: { n: number }) => string; loadingOlder: string; start: string; emptyTitle: string; empty: string; closed: string;
    missingTitle: string; toCases: string; missing: string; left: (given: { n: number }) => string; over: (given: { n: number }) => string;
    log: string; quoteGone: string;
  };
  marks: {
    agree: string; disagree: string; important: string; question: string; "seen-this": string; thanks: string; heart: string; laugh: string;
  };
  presence: {
    here: (given: { n: string | number }) => string; lately: (given: { n: number }) => string;
    writing: (given: { n: number; names: string | number }) => string;
  };
  keys: {
    title: string;
    all: {
      j: string; k: string; r: string; e: string; t: string; dot: string; slash: string; c: string; l: string; n: string; f: string; help: string;
      esc: string;
    };
  };
  loungesPage: {
    title: string; emptyTitle: string; empty: string; own: string; cases: string;
    groups: {
      general: string; specialty: string; country: string; language: string; "off-topic": string;
    };
    choose: string; everybody: string; offTopic: string; unread: (given: { n: string | number }) => string; muted: string;
    messages: (given: { n: number }) => string; kept: (given: { days: number }) => string;
  };
  newRoom: {
    button: string; title: string; kind: string; direct: string; consult: string; name: string; handle: string; handles: string; needed: string;
    kept: string; keptHint: string; days: (given: { n: number }) => string; always: string; note: string; open: string;
  };
  notices: {
    tab: string; title: string; unread: string; fresh: string; emptyTitle: string; empty: string; aRoom: string; aCase: string;
    mentioned: (given: { where: string | number }) => string; invited: (given: { where: string | number }) => string;
    followUp: (given: { days: number; title: string | number }) => string; moved: (given: { title: string | number }) => string;
    alarm: {
      overdue: (given: { title: string | number }) => string; unreached: (given: { title: string | number }) => string;
      unanswered: (given: { title: string | number }) => string;
    };
  };
  alerts: {
    title: string; sound: string; vibration: string; notifications: string; on: string; off: string; blocked: string; unsupported: string;
    privacy: string; offer: string; accept: string; decline: string; something: string;
    page: {
      emergency: (given: { specialty: string | number }) => string; urgent: (given: { specialty: string | number }) => string;
      today: (given: { specialty: string | number }) => string; routine: (given: { specialty: string | number }) => string;
    };
    kinds: {
      alarm: string; mentioned: string; invited: string; followup: string; moved: string;
    };
  };
  pager: {
    tab: string; title: string; openPages: (given: { n: number }) => string;
    ringing: (given: { n: string | number; what: string | number }) => string; look: string; onCall: string;
    until: (given: { time: string | number }) => string; byHours: string; offCall: string; offAwake: string; offNone: string;
    notDisturbed: (given: { time: string | number }) => string; howLong: string; hours: (given: { n: number }) => string; untilTime: string;
    setTime: string; timeNeeded: string; nowOn: (given: { time: string | number }) => string; nowOff: string; rings: string; silent: string;
    ringHere: string; tryIt: string; duty: string; pulse: string; none: string; noneText: string; from: (given: { label: string | number }) => string;
    posted: (given: { ago: string | number }) => string; others: (given: { labels: string | number }) => string; alone: string;
    holder: (given: { label: string | number }) => string; left: (given: { clock: string | number }) => string; leftNone: string; acknowledge: string;
    acknowledging: string; decline: string; handOver: string; declineTitle: string; declineNote: string;
    reasons: {
      busy: string; resting: string; not_my_field: string; conflict_of_interest: string; other: string;
    };
    declined: string; handOverTitle: string; handOverNext: string; handOverHandle: string; handOverHint: string; handOverNeeded: string;
    handedOver: string; mine: string; write: string; writeNote: string; reopens: (given: { clock: string | number }) => string; toCase: string;
    history: string; historyNone: string; older: string; took: (given: { label: string | number }) => string;
    passed: (given: { what: string | number; became: string | number }) => string;
    became: {
      queued: string; sent: string; delivered: string; seen: string; acknowledged: string; declined: string;
      declinedAs: (given: { reason: string | number }) => string; handed_over: string; expired: string; superseded: string; answered: string;
    };
    why: {
      near: (given: { specialty: string | number }) => string; on_call: string; awake: string; asleep: string;
      local: (given: { time: string | number }) => string; today: (given: { n: number }) => string;
      licence: (given: { country: string | number }) => string; moderator: string; stand_in: string; handed_over: string;
    };
  };
  search: {
    region: string; title: string; paged: (given: { n: number }) => string; onTheWay: (given: { n: string | number }) => string;
    declined: (given: { n: string | number }) => string; next: (given: { n: string | number; clock: string | number }) => string;
    nextAll: (given: { clock: string | number }) => string; soon: string;
    states: {
      searching: string; held: string; exhausted: string; answered: string; stood_down: string; ended: string;
    };
    people: {
      queued: string; sent: string; delivered: string; seen: string; acknowledged: string; declined: string; handed_over: string; expired: string;
      superseded: string; answered: string;
    };
    nobody: string; callMore: string; callMoreHint: string; callMoreDone: string; widen: string; widenHint: string; widenDone: string;
    standDown: string; standDownHint: string; standDownDone: string;
  };
  duty: {
    title: string; lead: string; specialties: string; specialtiesHint: string; remove: (given: { what: string | number }) => string; weekly: string;
    weeklyNone: string; quiet: string; quietHint: string; quietNone: string; zone: string; zoneHint: string;
    zoneHere: (given: { zone: string | number }) => string; zoneTake: string; days: string; from: string; to: string; addHours: string;
    span: (given: { from: string | number; to: string | number }) => string;
    spanOver: (given: { from: string | number; to: string | number }) => string; awakeToo: string; awakeTooHint: string; budget: string;
    budgetHint: string; undisturbed: string; undisturbedHint: string; undisturbedEnd: string; standIn: string; standInHint: string; standsIn: string;
    save: string; saving: string; saved: string; unchanged: string; stale: string;
    wrong: {
      days: string; from: string; to: string; quarter: string; budget: string; undisturbed: string; specialties: string;
    };
    wholeDay: string;
  };
  pulse: {
    title: string; lead: (given: { days: string | number }) => string;
    objective: (given: { share: string | number; span: string | number }) => string; objectiveTitle: string;
    met: (given: { share: string | number; met: string | number; all: string | number }) => string; noneYet: string;
    budgetLeft: (given: { n: number }) => string; budgetSpent: (given: { n: number }) => string; unanswered: string; waiting: string; times: string;
    timesHint: string;
    by: {
      urgency: string; specialty: string; country: string;
    };
    all: string; cases: string; acknowledged: string; replied: string; few: string; half: string; most: string; coverage: string;
    coverageHint: (given: { zone: string | number }) => string; coverageNone: (given: { n: string | number }) => string; hour: string; load: string;
    loadHint: string; loadPages: string; loadAcknowledged: string; loadPeople: string; hidden: (given: { n: string | number }) => string;
    nothing: string;
  };
  tour: {
    title: string; at: (given: { n: string | number; all: string | number }) => string; next: string; done: string; skip: string;
    cards: {
      one: {
        title: string; text: string;
      };
      two: {
        title: string; text: string;
      };
      three: {
        title: string; text: string;
      };
      four: {
        title: string; text: string;
      };
    };
  };
  mePage: {
    title: string; theme: string; system: string; light: string; dark: string; contrast: string; contrastMore: string; language: string;
    signOut: string; anonymity: string; design: string;
    roles: {
      member: string; moderator: string; operator: string;
    };
  };
  error: {
    title: string; again: string; undo: string; unreachable: string;
    codes: {
      bad_request: string; invalid: string; not_found: string; forbidden: string; sign_in_needed: string; stale: string; room_closed: string;
      key_reused: string; busy: string; too_many: string; too_fast: string; unavailable: string; lost: string; page_over: string; too_large: string;
      internal: string;
    };
  };
  offline: {
    kept: string; where: string; nowhere: string; unsentTitle: (given: { n: number }) => string; unsent: string;
  };
  nav: string; news: string; toContent: string;
}
