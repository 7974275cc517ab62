//! The keys of `metrics`: where they are asked, how pods are named in them, and the checks.

use super::check_keys::CHECK;
use super::draft::CheckDraft;
use super::source_values as source;
use crate::manifest::draft::put;
use crate::manifest::keys::{FlagTakes, Form, Group, KeyDefinition, Need};
use crate::manifest::value_type as of;
use crate::manifest::values;

/// The keys of `metrics`.
pub(in crate::manifest) static METRICS: Group = Group {
    name: "Metrics",
    description: "What is asked of a Prometheus server, and the limits of the answers.",
    keys: &[
        KeyDefinition {
            name: "source",
            description: "Where metrics are asked: any server with the HTTP API of Prometheus.",
            example: "{url: 'http://prometheus.monitoring:9090'}",
            form: Form::Map(&SOURCE),
            need: Need::ByKey,
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "podLabels",
            description: "The labels by which series name their pod.",
            example: "{namespace: namespace, pod: pod}",
            form: Form::Map(&POD_LABELS),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "checks",
            description: "What is checked. All of them must be good.",
            example: "[{name: errors, bad: 'http_requests_total{$pods,code=~\"5..\"}', total: \
                      'http_requests_total{$pods}', max: 1%}]",
            other_names: &["thresholds"],
            form: Form::Maps { group: &CHECK, begin: |draft| draft.metrics.checks.push(CheckDraft::default()) },
            need: Need::ByKey,
            ..KeyDefinition::NEW
        },
    ],
    noun: "key",
    flag: FlagTakes::Words(&[
        ("none", |draft| draft.metrics.left_out = true),
        ("dry", |draft| draft.metrics.dry = true),
    ]),
};

static SOURCE: Group = Group {
    name: "MetricsSource",
    description: "A server with the HTTP API of Prometheus, and how it knows who asks. Secrets stay in their files until \
                  a request needs them.",
    keys: &[
        KeyDefinition {
            name: "url",
            description: "Its base URL, with the path in front of /api/v1 where there is one.",
            example: "http://prometheus.monitoring:9090",
            form: Form::Scalar(&of::SERVER, |draft, name, text| {
                put(&mut draft.metrics.source.url, source::url(name, text))
            }),
            need: Need::ByKey,
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "tokenFile",
            description: "A file with a bearer token. It is read again for each request: tokens are rotated.",
            example: "/var/run/secrets/kubernetes.io/serviceaccount/token",
            other_names: &["token", "bearerToken", "bearerTokenFile"],
            form: Form::Scalar(&of::TEXT, |draft, name, text| {
                put(&mut draft.metrics.source.token_file, values::line(name, text).map(Some))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "user",
            description: "The user of basic authentication.",
            example: "crashgate",
            other_names: &["username"],
            form: Form::Scalar(&of::TEXT, |draft, name, text| {
                put(&mut draft.metrics.source.user, values::line(name, text).map(Some))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "passwordFile",
            description: "A file with that user's password.",
            example: "/etc/prometheus-auth/password",
            other_names: &["password"],
            form: Form::Scalar(&of::TEXT, |draft, name, text| {
                put(&mut draft.metrics.source.password_file, values::line(name, text).map(Some))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "headers",
            description: "Headers of every request, such as the tenant of Mimir. Secrets among them belong into variables.",
            example: "{X-Scope-OrgID: shop}",
            form: Form::Entries {
                value: &of::HEADERS,
                add: |draft, name, header, value| {
                    let (header, value) = source::header(name, header, value)?;
                    draft.metrics.source.headers.insert(header, value);
                    Ok(())
                },
            },
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "ca",
            description: "A file with the certificates to trust, in PEM. These alone are trusted.",
            example: "/etc/prometheus-tls/ca.crt",
            other_names: &["caFile"],
            form: Form::Scalar(&of::TEXT, |draft, name, text| {
                put(&mut draft.metrics.source.ca, values::line(name, text).map(Some))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "cert",
            description: "A file with a client certificate, in PEM.",
            example: "/etc/prometheus-tls/tls.crt",
            other_names: &["certFile"],
            form: Form::Scalar(&of::TEXT, |draft, name, text| {
                put(&mut draft.metrics.source.cert, values::line(name, text).map(Some))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "key",
            description: "A file with that certificate's key.",
            example: "/etc/prometheus-tls/tls.key",
            other_names: &["keyFile"],
            form: Form::Scalar(&of::TEXT, |draft, name, text| {
                put(&mut draft.metrics.source.key, values::line(name, text).map(Some))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "insecure",
            description: "The server's certificate is not verified.",
            default: Some("false"),
            example: "true",
            other_names: &["insecureSkipVerify"],
            form: Form::Scalar(&of::TRUTH, |draft, name, text| {
                put(&mut draft.metrics.source.insecure, source::truth(name, text))
            }),
            ..KeyDefinition::NEW
        },
    ],
    noun: "key",
    flag: FlagTakes::Entries,
};

static POD_LABELS: Group = Group {
    name: "PodLabels",
    description: "The labels by which series name their pod.",
    keys: &[
        KeyDefinition {
            name: "namespace",
            description: "The label that holds the namespace; none where series carry no such label.",
            default: Some("namespace"),
            example: "kubernetes_namespace",
            form: Form::Scalar(&of::SERIES_LABEL, |draft, name, text| {
                put(&mut draft.metrics.pod_labels.namespace, source::label_or_none(name, text))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "pod",
            description: "The label that holds the pod's name.",
            default: Some("pod"),
            example: "kubernetes_pod_name",
            form: Form::Scalar(&of::SERIES_LABEL, |draft, name, text| {
                put(&mut draft.metrics.pod_labels.pod, source::label(name, text))
            }),
            ..KeyDefinition::NEW
        },
    ],
    noun: "label",
    flag: FlagTakes::Entries,
};
