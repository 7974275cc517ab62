//! The driver of a feed: follows the pods of a selection until something ends it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::cluster::api::Budget;
use crate::cluster::api::Collection;
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::signals::{Stop, stopped};
use crate::cluster::watch::Link;
use crate::cluster::watch::Subscriptions;
use crate::cluster::watch::sleep::{Clock, TICK};
use crate::cluster::watch::{Inbox, MOST_WAITING, Observed, ProbeSchedule, Shared, Terms};
use crate::feed::event::{Change, FeedEvent};
use crate::feed::machine::Feed;
use crate::gate::Fact;
use crate::gate::model::{Source, Trouble};
use crate::gate::result::{Code, Verdict};

/// A cluster whose pods could not be listed so long after the begin is given up, where it is known what is wrong…
const PATIENCE: Duration = Duration::from_secs(10);
/// …and where answers still come: a long list comes in many.
const LONGEST_LIST: Duration = Duration::from_mins(1);
/// A watch that was silent for so long must show that it is alive; where watching is forbidden, how often it is listed.
const QUIET: Duration = Duration::from_secs(30);
/// Two requests in each of these, after the first sixteen (see [`Budget`]).
const EVERY: Duration = Duration::from_secs(2);
/// A machine that did not get a turn for so long may have been asleep.
const ASLEEP: Duration = Duration::from_secs(10);

/// What is followed, and for how long.
#[derive(Debug, Clone)]
pub struct Followed {
    /// The pods.
    pub pods: Collection,
    /// The first crash loop ends it.
    pub until_crash: bool,
    /// It ends after this time.
    pub lasting: Option<Duration>,
    /// The cluster is a recording of this length.
    pub recording: Option<Duration>,
}

/// Who hears of a feed.
pub trait Listener {
    /// This was learnt of the pods, before it is told as what happened. False where nobody wants to hear more.
    fn learnt(&mut self, _fact: &Fact) -> bool {
        true
    }
    /// The pods were listed for the first time.
    fn begun(&mut self, feed: &Feed);
    /// Something happened, so long after the begin. False where nobody wants to hear more.
    fn event(&mut self, at: Duration, event: &FeedEvent) -> bool;
    /// Something to know about the watching itself, in words that hold the cluster's.
    fn noticed(&mut self, words: &str);
    /// About a second has passed.
    fn tick(&mut self, feed: &Feed);
    /// It is over, and the pods had been listed.
    fn ended(&mut self, feed: &Feed);
}

/// Why a feed ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// A crash loop came, and that was to end it.
    CrashLoop,
    /// Its time is over.
    TimeIsUp,
    /// The recording is over.
    RecordingEnded,
    /// Nobody reads it any more.
    Unheard,
    /// A signal came.
    Stopped(Verdict),
    /// The cluster cannot be observed: a cause, and what was said.
    Blind(Code, String),
}

/// Follows the pods. The answer tells why that ended; whoever listens has heard all that was learnt until then.
pub async fn follow(
    connection: &Arc<Connection>,
    followed: &Followed,
    listener: &mut dyn Listener,
    mut stop: Stop,
) -> End {
    let start = Instant::now();
    let budget = Arc::new(Budget::new([EVERY]));
    let (slept, sleeps) = watch::channel(0);
    let shared = Shared {
        connection: Arc::clone(connection),
        budget: Arc::clone(&budget),
        link: Arc::new(Link::new(Arc::clone(&budget))),
        sleeps,
        doubts_refusals: false,
    };
    let inbox = Inbox::new(MOST_WAITING);
    let mut sources = Subscriptions::new(shared);
    let subscriber = inbox.subscriber(Source::Pods);
    let terms = Terms::leading(ProbeSchedule::of_feed(QUIET));
    let source = sources.subscribe(followed.pods.clone(), terms, &RequestCounter::default(), subscriber);
    sources.start();

    let mut following = Following { start, followed, feed: Feed::default(), trouble: None };
    let mut clock = Clock::new();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = loop {
        let due = following.due();
        let woken = tokio::select! {
            verdict = stopped(&mut stop) => Woken::Stopped(verdict),
            more = inbox.arrived() => if more { Woken::Arrived } else { Woken::Ended },
            () = sleep_until(due) => Woken::Due,
            _ = ticks.tick() => Woken::Tick,
        };
        // What has arrived already is told before any end.
        let until = inbox.moment();
        let mut arrived = std::iter::from_fn(|| inbox.next(until));
        if let Some(end) = arrived.find_map(|observed| following.take(observed, listener)) {
            break end;
        }
        if !inbox.incomplete().is_empty() {
            source.relist();
        }
        match woken {
            Woken::Stopped(verdict) => break End::Stopped(verdict),
            Woken::Ended => break following.blind(),
            Woken::Due if Instant::now() >= following.due() => break following.time_is_up(),
            Woken::Arrived | Woken::Due => {}
            Woken::Tick => {
                if let Some(asleep) = clock.was_asleep(ASLEEP) {
                    budget.slept(asleep);
                    slept.send_modify(|count| *count += 1);
                }
                listener.tick(&following.feed);
            }
        }
    };
    if following.feed.has_begun() {
        listener.ended(&following.feed);
    }
    end
}

/// What there is to do.
enum Woken {
    Stopped(Verdict),
    Arrived,
    /// Nothing more will arrive.
    Ended,
    Due,
    Tick,
}

struct Following<'a> {
    start: Instant,
    followed: &'a Followed,
    feed: Feed,
    /// Why the pods cannot be seen now.
    trouble: Option<Trouble>,
}

impl Following<'_> {
    /// When it ends by itself, or is given up.
    fn due(&self) -> Instant {
        /// What happens at the end of a recording may be on its way.
        const ON_ITS_WAY: Duration = Duration::from_millis(500);
        /// Longer than anybody watches.
        const FAR: Duration = Duration::from_hours(24 * 365);
        let patience = if self.trouble.is_some() { PATIENCE } else { LONGEST_LIST };
        let patience = (!self.feed.has_begun()).then_some(patience);
        let recording = self.followed.recording.map(|length| length + ON_ITS_WAY);
        let after = [self.followed.lasting, patience, recording].into_iter().flatten().min();
        // A time that the clock cannot hold never comes.
        self.start.checked_add(after.unwrap_or(FAR)).unwrap_or_else(|| self.start + FAR)
    }

    fn take(&mut self, observed: Observed, listener: &mut dyn Listener) -> Option<End> {
        let Observed { at, fact } = observed;
        match &fact {
            Fact::Listed { .. } | Fact::Seen(_) | Fact::Gone { .. } => self.can_see(listener),
            Fact::Noticed(warning) => listener.noticed(&warning.message),
            Fact::Resumed { .. } => {
                self.trouble = None;
                let pods = &self.followed.pods;
                listener.noticed(&format!("the watch of {pods} is open again and continues where it stopped"));
            }
            Fact::Lost { trouble, .. } => {
                let hopeless = trouble.hopeless;
                if !hopeless {
                    listener.noticed(&trouble.message);
                }
                self.trouble = Some(trouble.clone());
                return hopeless.then(|| self.blind());
            }
            Fact::Denied { message, .. } => return Some(End::Blind(Code::Forbidden, message.clone())),
            Fact::Rested { .. }
            | Fact::OwnerRead(_)
            | Fact::OwnerUnread { .. }
            | Fact::Confirmed { .. }
            | Fact::Smoked(_)
            | Fact::StableListed(_)
            | Fact::Measured(_)
            | Fact::RecordingEnded => {}
        }
        if !listener.learnt(&fact) {
            return Some(End::Unheard);
        }
        let begins = !self.feed.has_begun();
        let events = self.feed.observe(fact);
        if begins && self.feed.has_begun() {
            listener.begun(&self.feed);
        }
        let at = at.saturating_duration_since(self.start);
        for event in &events {
            if !listener.event(at, event) {
                return Some(End::Unheard);
            }
            if self.followed.until_crash && matches!(event.change, Change::CrashLoop { .. }) {
                return Some(End::CrashLoop);
            }
        }
        None
    }

    fn can_see(&mut self, listener: &mut dyn Listener) {
        if self.trouble.take().is_some() && self.feed.has_begun() {
            listener.noticed("the pods can be read again");
        }
    }

    /// An end by the clock. It is no quiet end where the pods could not be seen.
    fn time_is_up(&self) -> End {
        if !self.feed.has_begun() || self.trouble.is_some() {
            return self.blind();
        }
        let is_over = |time: Option<Duration>| time.is_some_and(|time| self.start.elapsed() >= time);
        if is_over(self.followed.lasting) { End::TimeIsUp } else { End::RecordingEnded }
    }

    fn blind(&self) -> End {
        let Some(trouble) = &self.trouble else {
            let message =
                format!("{} could not be listed within {} s", self.followed.pods, self.start.elapsed().as_secs());
            return End::Blind(Code::ClusterUnreachable, message);
        };
        let code = trouble.kind.code();
        End::Blind(code, trouble.message.clone())
    }
}
