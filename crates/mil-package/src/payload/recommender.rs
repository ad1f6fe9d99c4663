//! Recommendations by the similarity of items.

use std::collections::HashSet;
use std::hash::Hash;

use mil_ir::FunctionInterface;
use mil_proto::payload::ItemSimilarityRecommender;

use super::features::{Kind, named};
use super::rule::{Checked, fault, require};

pub(super) fn recommender(main: &FunctionInterface, model: &ItemSimilarityRecommender) -> Checked {
    items(model)?;
    let item = match (&*model.item_input_feature_name, &main.inputs[..]) {
        ("", [only]) => &*only.name,
        ("", _) => return Err(fault("feature-name", "the input of items is not named")),
        (name, _) => name,
    };
    let lists = [Kind::Sequence, Kind::Array];
    named(&main.inputs, item, &[Kind::Dictionary, Kind::Sequence, Kind::Array], "itemInputFeatureName")?;
    for (name, kinds, what) in [
        (
            &model.num_recommendations_input_feature_name,
            &[Kind::Int64][..],
            "numRecommendationsInputFeatureName",
        ),
        (&model.item_exclusion_input_feature_name, &lists, "itemExclusionInputFeatureName"),
        (&model.item_restriction_input_feature_name, &lists, "itemRestrictionInputFeatureName"),
    ] {
        if !name.is_empty() {
            named(&main.inputs, name, kinds, what)?;
        }
    }
    let (score, list) =
        (&model.recommended_item_score_output_feature_name, &model.recommended_item_list_output_feature_name);
    require(!score.is_empty() || !list.is_empty(), "feature-name", "no output is named")?;
    for (name, kind, what) in [
        (score, Kind::Dictionary, "recommendedItemScoreOutputFeatureName"),
        (list, Kind::Sequence, "recommendedItemListOutputFeatureName"),
    ] {
        if !name.is_empty() {
            named(&main.outputs, name, &[kind], what)?;
        }
    }
    Ok(())
}

/// Items are numbered; ids, where given, are enough and different.
fn items(model: &ItemSimilarityRecommender) -> Checked {
    let similar = model.item_item_similarities.iter();
    let largest = similar.flat_map(|item| {
        let others = item.similar_item_list.iter().map(|other| other.item_id);
        others.chain([item.item_id])
    });
    // Without items the validator reads past the end of its list.
    let largest = largest.max().ok_or_else(|| fault("items", "there are no items"))?;
    let numbers = model.item_int64_ids.as_ref().map_or(&[][..], |ids| &ids.vector);
    let texts = model.item_string_ids.as_ref().map_or(&[][..], |ids| &ids.vector);
    require(numbers.is_empty() || texts.is_empty(), "items", "there are ids of both types")?;
    let enough = numbers.is_empty() || numbers.len() as u64 > largest;
    require(enough, "items", format!("{} ids, the largest item is {largest}", numbers.len()))?;
    // One less will do for texts.
    let enough = texts.is_empty() || texts.len() as u64 >= largest;
    require(enough, "items", format!("{} ids, the largest item is {largest}", texts.len()))?;
    require(unique(numbers) && unique(texts), "items", "two ids are equal")
}

fn unique<T: Eq + Hash>(ids: &[T]) -> bool {
    let mut seen = HashSet::with_capacity(ids.len());
    ids.iter().all(|id| seen.insert(id))
}
