use super::*;

fn read<C: OpConfig>(config: Value) -> Result<Config<C>, String> {
    let read = Config::<C>::read(&config)?;
    assert_eq!(Config::read(&read.write()).as_ref(), Ok(&read), "what is written reads to the same");
    Ok(read)
}

#[test]
fn every_level_is_read() {
    let config = read::<PaletteConfig>(json!({
        "config_type": "OpPalettizerConfig",
        "global_config": {"mode": "KMEANS", "nbits": 4, "granularity": "per_grouped_channel", "group_size": 16},
        "op_type_configs": {"conv": null, "linear": {"mode": "unique"}},
        "op_name_configs": {"w": {"nbits": 6, "cluster_dim": 2, "num_kmeans_workers": 4}},
    }))
    .unwrap();
    assert_eq!(config.global.unwrap().group_size, 16);
    assert_eq!(config.types["conv"], None);
    assert_eq!(config.types["linear"].as_ref().unwrap().mode, PaletteMode::Unique);
    assert_eq!(config.names["w"].as_ref().unwrap().cluster_dim, 2);
}

#[test]
fn pruning_mixes_two_types() {
    let config = read::<PruneConfig>(json!({
        "config_type": "OpThresholdPrunerConfig",
        "global_config": {"threshold": 0.01},
        "op_type_configs": {"conv": {"config_type": "OpMagnitudePrunerConfig", "n_m_ratio": [3, 4]}},
    }))
    .unwrap();
    assert!(matches!(config.global, Some(PruneConfig::Threshold(ref config)) if config.threshold == 0.01));
    let Some(Some(PruneConfig::Magnitude(conv))) = config.types.get("conv") else { panic!("{config:?}") };
    assert_eq!((conv.n_m_ratio, conv.dim), (Some((3, 4)), 1));
}

#[test]
fn mistakes_are_named() {
    let global = |fields: Value| json!({ "global_config": fields });
    let palette = |fields: Value| read::<PaletteConfig>(global(fields)).unwrap_err();
    let linear = |fields: Value| read::<LinearConfig>(global(fields)).unwrap_err();
    let prune = |fields: Value| read::<PruneConfig>(global(fields)).unwrap_err();
    for (found, wanted) in [
        (palette(json!({"nbit": 4})), "global_config: there is no field nbit; is it nbits?"),
        (palette(json!({})), "nbits is missing"),
        (palette(json!({"nbits": 5})), "nbits: expected 1, 2, 3, 4, 6 or 8, not 5"),
        (palette(json!({"mode": "unique", "nbits": 4})), "finds the bits itself"),
        (palette(json!({"mode": "custom"})), "mode: expected one of kmeans, uniform, unique"),
        (palette(json!({"config_type": "OpLinearQuantizerConfig"})), "of type OpPalettizerConfig, not"),
        (linear(json!({"dtype": "int5"})), "dtype: expected one of int8, uint8, int4, uint4, not \"int5\""),
        (linear(json!({"granularity": "per_grouped_channel"})), "expected one of per_tensor"),
        (linear(json!({"zzz": 1})), "there is no field zzz; there are config_type, mode"),
        (prune(json!({})), "one of target_sparsity and n_m_ratio"),
        (prune(json!({"target_sparsity": 1.5})), "a number from 0 to 1"),
        (prune(json!({"target_sparsity": 0.5, "dim": 0})), "dim goes with"),
        (read::<PruneConfig>(json!({"global": null})).unwrap_err(), "is it global_config?"),
    ] {
        assert!(found.contains(wanted), "{found}\n  does not say: {wanted}");
    }
}

#[test]
fn a_configuration_says_which_pass_it_is_for() {
    let of = |config: Value| pass_of(&config);
    assert_eq!(of(json!({"config_type": "OpPalettizerConfig"})), Ok("palettize_weights"));
    let inner = json!({"global_config": {"config_type": "OpThresholdPrunerConfig"}});
    assert_eq!(of(inner), Ok("prune_weights"));
    assert!(
        of(json!({"config_type": "OpPaletizerConfig"})).unwrap_err().contains("is it OpPalettizerConfig?")
    );
    assert!(of(json!({})).unwrap_err().contains("config_type is missing"));
    let mixed = json!({
        "config_type": "OpPalettizerConfig",
        "op_name_configs": {"w": {"config_type": "OpLinearQuantizerConfig"}},
    });
    assert!(of(mixed).unwrap_err().contains("different passes"));
}
