//! The named pipelines: files of their own, so that a change of one shows as a change of data.

/// Name and JSON of each.
pub(crate) const PIPELINES: &[(&str, &str)] = &[
    ("ane", include_str!("pipelines/ane.json")),
    ("cleanup", include_str!("pipelines/cleanup.json")),
    ("coremltools", include_str!("pipelines/coremltools.json")),
    ("default", include_str!("pipelines/default.json")),
    ("fp16", include_str!("pipelines/fp16.json")),
    ("llm", include_str!("pipelines/llm.json")),
    ("none", include_str!("pipelines/none.json")),
    ("static", include_str!("pipelines/static.json")),
];
