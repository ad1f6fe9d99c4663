//! The label of the largest probability, the first one of several, and the probability of each label.

use crate::eval::ClassLabel;
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let probabilities = cx.array("probabilities")?.reals::<f64>()?;
    let classes: Vec<ClassLabel> = match cx.value("classes") {
        Some(EvalValue::List(list)) => {
            list.elements.iter().flatten().map(labels).collect::<Result<Vec<_>, _>>()?.concat()
        }
        _ => labels(cx.array("classes")?)?,
    };
    ensure!(
        classes.len() == probabilities.len(),
        "{} classes for {} probabilities",
        classes.len(),
        probabilities.len()
    );
    let best =
        (0..classes.len()).reduce(|best, at| if probabilities[at] > probabilities[best] { at } else { best });
    let best = best.ok_or_else(|| EvalError::invalid("no classes"))?;
    let label = match &classes[best] {
        ClassLabel::Int(label) => Array::from_vec(&[], vec![*label])?,
        ClassLabel::Text(label) => Array::from_vec(&[], vec![label.clone()])?,
    };
    let pairs: Vec<_> = classes.into_iter().zip(probabilities.iter().copied()).collect();
    Ok(vec![label.into(), EvalValue::Dictionary(pairs.into())])
}

fn labels(array: &Array) -> Result<Vec<ClassLabel>, EvalError> {
    match array.data() {
        Data::Text(labels) => Ok(labels.iter().cloned().map(ClassLabel::Text).collect()),
        _ => Ok(array.longs()?.into_iter().map(ClassLabel::Int).collect()),
    }
}
