//! The one table of routes. The router and the `OpenAPI` document are made from it, and know no others.

use http::Method;

use super::access::Right;

/// A route, by what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "said in the table")]
pub enum Route {
    CallGate,
    LookAtGate,
    ForgetGate,
    ReportJson,
    ReportMarkdown,
    ReportHtml,
    ReportJunit,
    Check,
    Hold,
    Rollback,
    Event,
    RunPod,
    Healthy,
    Ready,
    OpenApi,
}

/// What a body of a request or an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// A call of a gate.
    Call,
    /// What Flagger sends.
    Hook,
    /// What Flagger sends about an event.
    Event,
    /// A pod to be run.
    Run,
    /// How a gate stands.
    Gate,
    /// The result of a run of gates, as `-o json` prints it.
    Result,
    /// The result of the run of a pod.
    Ran,
    /// Markdown.
    Markdown,
    /// One page of HTML.
    Html,
    /// `JUnit` XML.
    Xml,
    /// One line of plain words.
    Line,
    /// JSON of another kind.
    Json,
    /// Nothing.
    Nothing,
}

/// An answer that is no refusal: its status, what it says, and what it holds.
pub(super) type Answer = (u16, &'static str, Content);

/// A row of the table.
pub(super) struct Row {
    pub(super) route: Route,
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// What a caller must be allowed to; `None` where anybody may ask.
    pub(super) right: Option<Right>,
    pub(super) summary: &'static str,
    /// Takes `?wait=`.
    pub(super) waits: bool,
    pub(super) body: Option<Content>,
    pub(super) answers: &'static [Answer],
}

/// What is answered where the answer is not to be had now: who asks cannot be found out, or crashgate itself failed. As it
/// passes, it is told as what the caller asks again about, and nobody acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unavailable {
    /// 200 with a pending gate.
    Pending,
    /// A line with this status.
    Line(u16),
    /// 409 with an error.
    Conflict,
}

const UNAVAILABLE: Answer = (409, "Not to be had now. Ask again.", Content::Json);

const STANDS: Answer = (
    200,
    "How the gate stands: pending, or its verdict. What is temporary (too many gates, the API server cannot be reached, \
     the server starts or ends) is pending too.",
    Content::Gate,
);

const fn row(route: Route, method: Method, path: &'static str, right: Option<Right>, summary: &'static str) -> Row {
    Row { route, method, path, right, summary, waits: false, body: None, answers: &[] }
}

impl Row {
    const fn waits(mut self) -> Self {
        self.waits = true;
        self
    }

    const fn takes(mut self, body: Content) -> Self {
        self.body = Some(body);
        self
    }

    const fn answers(mut self, answers: &'static [Answer]) -> Self {
        self.answers = answers;
        self
    }

    /// The statuses of refusals that this route has, apart from 404 of no such path and 405.
    pub(super) fn refusals(&self) -> Vec<(u16, &'static str)> {
        let mut all = vec![(400, "The request cannot be understood; the answer says what to write instead.")];
        if self.right.is_some() {
            all.push((401, "No credentials, or unknown ones."));
            all.push((403, "The caller may not do this, or not in this namespace or with this plan."));
        }
        all.push((404, "There is no such plan, gate or path."));
        all.push((405, "This path takes another method."));
        if self.body.is_some() {
            all.push((413, "The body is too large."));
            all.push((415, "The body is no JSON by its type."));
        }
        all
    }

    /// What is answered where the answer is not to be had now.
    pub(super) const fn unavailable(&self) -> Unavailable {
        match self.route {
            Route::CallGate | Route::LookAtGate => Unavailable::Pending,
            Route::Check => Unavailable::Line(425),
            Route::Hold | Route::Rollback => Unavailable::Line(409),
            Route::Event => Unavailable::Line(202),
            _ => Unavailable::Conflict,
        }
    }
}

/// The table.
pub(super) static ROUTES: [Row; 15] = [
    row(Route::CallGate, Method::POST, "/v1/gates", Some(Right::Gates), "Joins a gate, or begins it")
        .waits()
        .takes(Content::Call)
        .answers(&[STANDS]),
    row(Route::LookAtGate, Method::GET, "/v1/gates/{id}", Some(Right::Gates), "How a gate stands")
        .waits()
        .answers(&[STANDS]),
    row(Route::ForgetGate, Method::DELETE, "/v1/gates/{id}", Some(Right::Gates), "Ends a gate and forgets it")
        .answers(&[(204, "The gate is forgotten.", Content::Nothing), UNAVAILABLE]),
    row(
        Route::ReportJson,
        Method::GET,
        "/v1/gates/{id}/report.json",
        Some(Right::Gates),
        "The report of a gate, as `-o json` prints it",
    )
    .answers(&[(200, "The report. That of a pending gate says so in `error`.", Content::Result), UNAVAILABLE]),
    row(
        Route::ReportMarkdown,
        Method::GET,
        "/v1/gates/{id}/report.md",
        Some(Right::Gates),
        "The report of a gate in Markdown",
    )
    .answers(&[(200, "The report.", Content::Markdown), UNAVAILABLE]),
    row(
        Route::ReportHtml,
        Method::GET,
        "/v1/gates/{id}/report.html",
        Some(Right::Gates),
        "The report of a gate as one page of HTML",
    )
    .answers(&[(200, "The report.", Content::Html), UNAVAILABLE]),
    row(
        Route::ReportJunit,
        Method::GET,
        "/v1/gates/{id}/report.xml",
        Some(Right::Gates),
        "The report of a gate as JUnit XML",
    )
    .answers(&[(200, "The report.", Content::Xml), UNAVAILABLE]),
    row(
        Route::Check,
        Method::POST,
        "/flagger/{plan}/check",
        Some(Right::Check),
        "Flagger's hooks pre-rollout and rollout: is it healthy?",
    )
    .waits()
    .takes(Content::Hook)
    .answers(&[
        (200, "Healthy.", Content::Line),
        (409, "Another verdict, or a hook at which there can be none.", Content::Line),
        (425, "Pending. Ask again.", Content::Line),
    ]),
    row(
        Route::Hold,
        Method::POST,
        "/flagger/{plan}/hold",
        Some(Right::Hold),
        "Flagger's hooks confirm-traffic-increase and confirm-promotion: may it go on?",
    )
    .takes(Content::Hook)
    .answers(&[(200, "Healthy.", Content::Line), (409, "Anything else.", Content::Line)]),
    row(
        Route::Rollback,
        Method::POST,
        "/flagger/{plan}/rollback",
        Some(Right::Rollback),
        "Flagger's hook rollback: must it be rolled back?",
    )
    .takes(Content::Hook)
    .answers(&[(200, "The gate failed: roll back now.", Content::Line), (409, "Anything else.", Content::Line)]),
    row(
        Route::Event,
        Method::POST,
        "/flagger/{plan}/event",
        Some(Right::Event),
        "Flagger's hook event: written to the log, and nothing else",
    )
    .takes(Content::Event)
    .answers(&[(202, "Taken.", Content::Line)]),
    row(
        Route::RunPod,
        Method::POST,
        "/v1/runs",
        Some(Right::Runs),
        "Runs one pod of a listed image to its end, and deletes it",
    )
    .takes(Content::Run)
    .answers(&[(200, "How it ended.", Content::Ran), UNAVAILABLE]),
    row(Route::Healthy, Method::GET, "/healthz", None, "Is the process alive?").answers(&[(
        200,
        "Yes.",
        Content::Line,
    )]),
    row(Route::Ready, Method::GET, "/readyz", None, "Is the server ready for calls?")
        .answers(&[(200, "Yes.", Content::Line), (503, "Not now, and why.", Content::Line)]),
    row(Route::OpenApi, Method::GET, "/openapi.json", None, "This document").answers(&[(
        200,
        "OpenAPI 3.1.",
        Content::Json,
    )]),
];
