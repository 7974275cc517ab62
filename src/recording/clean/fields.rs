//! The fields that a recording holds. A field that a rule is to read must stand here; the tests compare what is read of
//! every test recording before and after.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What becomes of a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Strings stay; of objects the fields that are known.
    Keep,
    /// All of it stays, whatever its keys: labels and quantities, whose shape the API bounds.
    Whole,
    /// It stays where it is one string or number.
    Scalar,
    /// Text for people: masked.
    Text,
    /// A path or host: without its query, and masked.
    Address,
    /// Only that it is there.
    Hidden,
    /// The variables of a container.
    Environment,
    /// See [`is_kept_annotation`].
    Annotations,
    /// See [`volume_fields`].
    Volumes,
    /// A pod template, whose identity stays.
    Template,
}

/// The fields, each with what becomes of its value.
const FIELDS: &[(Rule, &str)] = &[
    // Metadata, and the metadata of lists.
    (
        Rule::Keep,
        "apiVersion kind metadata items spec status name namespace generateName uid resourceVersion \
         generation creationTimestamp deletionTimestamp ownerReferences controller blockOwnerDeletion \
         continue",
    ),
    (Rule::Annotations, "annotations"),
    (Rule::Whole, "labels finalizers matchLabels matchExpressions nodeSelector tolerations taints"),
    (Rule::Text, "message note"),
    // Events, and the Status of an error.
    (
        Rule::Keep,
        "involvedObject regarding related fieldPath reason type action source component \
         reportingComponent reportingController reportingInstance firstTimestamp lastTimestamp eventTime \
         series lastObservedTime details causes field group deprecatedSource deprecatedFirstTimestamp \
         deprecatedLastTimestamp",
    ),
    (Rule::Address, "host path"),
    // Pods.
    (
        Rule::Keep,
        "nodeName restartPolicy serviceAccountName serviceAccount priorityClassName preemptionPolicy \
         schedulerName dnsPolicy runtimeClassName readinessGates conditionType imagePullSecrets \
         schedulingGates hostname subdomain os containers initContainers ephemeralContainers \
         targetContainerName",
    ),
    (Rule::Whole, "affinity topologySpreadConstraints overhead resourceClaims"),
    (Rule::Volumes, "volumes sources"),
    // Containers.
    (
        Rule::Keep,
        "image imagePullPolicy ports protocol containerPort hostIP resources resizePolicy resourceName \
         restartPolicyRules exitCodes operator values volumeMounts mountPath subPath mountPropagation \
         volumeDevices devicePath workingDir terminationMessagePath terminationMessagePolicy lifecycle \
         preStop postStart stopSignal sleep livenessProbe readinessProbe startupProbe exec httpGet \
         tcpSocket grpc port scheme service envFrom prefix configMapRef secretRef valueFrom \
         configMapKeyRef secretKeyRef fileKeyRef fieldRef resourceFieldRef key volumeName resource \
         divisor containerName",
    ),
    (Rule::Whole, "limits requests capacity allocatable allocatedResources hard used claims"),
    (Rule::Hidden, "command args"),
    (Rule::Environment, "env"),
    // What a container may do.
    (
        Rule::Keep,
        "securityContext seccompProfile appArmorProfile localhostProfile capabilities add drop \
         fsGroupChangePolicy supplementalGroups procMount seLinuxOptions level role",
    ),
    // What volumes refer to; only those of `volume_fields` get here.
    (
        Rule::Keep,
        "secretName claimName driver fsType medium sizeLimit reference pullPolicy audience signerName \
         optional",
    ),
    // What is known of pods.
    (
        Rule::Keep,
        "phase conditions lastTransitionTime lastProbeTime lastUpdateTime lastHeartbeatTime podIP \
         qosClass startTime nominatedNodeName resize containerStatuses initContainerStatuses \
         ephemeralContainerStatuses state lastState waiting running terminated startedAt finishedAt \
         containerID imageID",
    ),
    (Rule::Whole, "podIPs hostIPs addresses"),
    // Workloads.
    (Rule::Template, "template podTemplate"),
    (Rule::Whole, "selector"),
    (
        Rule::Keep,
        "strategy updateStrategy rollingUpdate maxSurge maxUnavailable partition serviceName \
         podManagementPolicy ordinals persistentVolumeClaimRetentionPolicy whenDeleted whenScaled \
         volumeClaimTemplates storageClassName accessModes volumeMode completionMode podFailurePolicy \
         successPolicy rules succeededIndexes podReplacementPolicy managedBy onExitCodes onPodConditions \
         updateRevision currentRevision revision startOrdinal completionTime completedIndexes \
         failedIndexes uncountedTerminatedPods succeeded failed labelSelector schedule timeZone \
         concurrencyPolicy jobTemplate lastScheduleTime lastSuccessfulTime active",
    ),
    // Nodes.
    (
        Rule::Keep,
        "providerID podCIDR nodeInfo architecture operatingSystem osImage kernelVersion kubeletVersion \
         kubeProxyVersion containerRuntimeVersion",
    ),
    // Progressive owners: Argo Rollouts and their AnalysisRuns, OpenKruise, Flagger; `/scale`.
    (
        Rule::Keep,
        "workloadRef targetRef autoscalerRef scaleDown canary blueGreen steps setWeight pause duration \
         analysis templates templateName activeService previewService activeSelector previewSelector \
         canaryService stableService currentPodHash stableRS currentStepHash currentStepAnalysisRunStatus \
         currentBackgroundAnalysisRunStatus prePromotionAnalysisRunStatus postPromotionAnalysisRunStatus \
         pauseConditions abortedAt observedGeneration workloadObservedGeneration interval threshold \
         maxWeight stepWeight metrics successCondition failureCondition inconclusiveLimit failureLimit \
         count metricResults measurements runSummary dryRunSummary completedAt weights weight \
         podTemplateHash lastAppliedSpec lastPromotedSpec pauseType subsets",
    ),
    (Rule::Text, "value"),
    (Rule::Scalar, "provider targetPort"),
];

/// What becomes of the field of that name; `None` for those that are left out.
pub(super) fn rule_of(name: &str) -> Option<Rule> {
    static RULES: LazyLock<HashMap<&str, Rule>> = LazyLock::new(|| {
        let fields = FIELDS.iter().flat_map(|(rule, names)| names.split_whitespace().map(|name| (name, *rule)));
        fields.collect()
    });
    RULES.get(name).copied()
}

/// True for the annotations that rules or kubectl read.
pub(super) fn is_kept_annotation(key: &str) -> bool {
    const PREFIXES: [&str; 3] = ["deployment.kubernetes.io/", "rollout.argoproj.io/", "crashgate."];
    PREFIXES.iter().any(|prefix| key.starts_with(prefix))
        || matches!(
            key,
            "deprecated.daemonset.template.generation"
                | "helm.sh/hook"
                | "helm.sh/hook-weight"
                | "helm.sh/hook-delete-policy"
                | "argocd.argoproj.io/hook"
                | "argocd.argoproj.io/hook-delete-policy"
                | "argocd.argoproj.io/sync-wave"
                | "kubectl.kubernetes.io/restartedAt"
                | "kubectl.kubernetes.io/default-container"
                | "kubernetes.io/config.mirror"
                | "kubernetes.io/config.source"
                | "kubernetes.io/config.hash"
                | "batch.kubernetes.io/job-completion-index"
                | "batch.kubernetes.io/job-tracking"
                | "batch.kubernetes.io/job-index-failure-count"
                | "batch.kubernetes.io/cronjob-scheduled-timestamp"
                | "controller.kubernetes.io/pod-deletion-cost"
                | "apps.kruise.io/inplace-update-state"
                | "apps.kruise.io/inplace-update-grace"
                | "apps.kruise.io/runtime-containers-meta"
                | "lifecycle.apps.kruise.io/timestamp"
                | "flagger-id"
        )
}

/// What is kept of a volume of that kind, beside numbers and truth values. Of all other kinds it is only told that they
/// are there: their fields hold addresses, users, options and attributes for drivers.
pub(super) fn volume_fields(kind: &str) -> &'static [&'static str] {
    match kind {
        "secret" => &["secretName", "name"],
        "configMap" => &["name"],
        "persistentVolumeClaim" => &["claimName"],
        "emptyDir" => &["medium", "sizeLimit"],
        "hostPath" => &["path", "type"],
        "projected" => &["sources"],
        "serviceAccountToken" => &["path", "audience"],
        "clusterTrustBundle" => &["name", "signerName", "path"],
        "csi" | "flexVolume" => &["driver", "fsType"],
        "image" => &["reference", "pullPolicy"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::FIELDS;

    #[test]
    fn each_field_has_one_rule() {
        let mut seen = HashSet::new();
        for name in FIELDS.iter().flat_map(|(_, names)| names.split_whitespace()) {
            assert!(seen.insert(name), "{name} stands there twice");
        }
        assert!(seen.len() > 200, "{}", seen.len());
    }
}
