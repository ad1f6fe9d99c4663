//! Support vector machines.

use mil_ir::FunctionInterface;
use mil_proto::payload::{
    Kernel, SupportVectorClassifier, SupportVectorRegressor, kernel, support_vector_classifier,
    support_vector_regressor,
};

use super::classifier::{self, Labels, labels};
use super::features::{NUMBERS, all_are};
use super::rule::{Checked, fault, require};

const CODE: &str = "support-vectors";

pub(super) fn regressor(main: &FunctionInterface, model: &SupportVectorRegressor) -> Checked {
    use support_vector_regressor::SupportVectors;
    all_are(&main.inputs, NUMBERS)?;
    classifier::regressor(main)?;
    check_kernel(model.kernel.as_ref())?;
    let vectors = match &model.support_vectors {
        Some(SupportVectors::SparseSupportVectors(sparse)) => sparse.vectors.len(),
        Some(SupportVectors::DenseSupportVectors(dense)) => dense.vectors.len(),
        None => return Err(fault(CODE, "the support vectors are not set")),
    };
    let coefficients = model.coefficients.as_ref().map_or(0, |list| list.alpha.len());
    require(
        coefficients == vectors,
        CODE,
        format!("{coefficients} coefficients for {vectors} support vectors"),
    )
}

pub(super) fn classifier(main: &FunctionInterface, model: &SupportVectorClassifier) -> Checked {
    use support_vector_classifier::SupportVectors;
    all_are(&main.inputs, NUMBERS)?;
    let labels = labels!(support_vector_classifier, model.class_labels);
    classifier::classifier(main, labels)?;
    check_kernel(model.kernel.as_ref())?;
    let classes = labels.len();
    let rows = model.coefficients.len();
    require(rows == classes - 1, CODE, format!("{rows} rows of coefficients for {classes} classes"))?;
    let vectors = match &model.support_vectors {
        Some(SupportVectors::SparseSupportVectors(sparse)) => sparse.vectors.len(),
        Some(SupportVectors::DenseSupportVectors(dense)) => dense.vectors.len(),
        None => return Err(fault(CODE, "the support vectors are not set")),
    };
    let counts = &model.number_of_support_vectors_per_class;
    require(counts.len() == classes, CODE, format!("{} counts for {classes} classes", counts.len()))?;
    let sum: i64 = counts.iter().map(|&count| i64::from(count)).sum();
    require(
        usize::try_from(sum) == Ok(vectors),
        CODE,
        format!("the counts sum to {sum}, there are {vectors} support vectors"),
    )?;
    let fits = model.coefficients.iter().all(|row| row.alpha.len() == vectors);
    require(fits, CODE, "a row of coefficients has not one for each support vector")?;
    let pairs = classes.saturating_mul(classes - 1) / 2;
    let (a, b) = (model.prob_a.len(), model.prob_b.len());
    let message = format!("probA and probB have {a} and {b} entries for {pairs} pairs of classes");
    require((a, b) == (0, 0) || (a, b) == (pairs, pairs), CODE, message)
}

fn check_kernel(kernel: Option<&Kernel>) -> Checked {
    let Some(kernel) = kernel.and_then(|kernel| kernel.kernel.as_ref()) else {
        return Err(fault("kernel", "the kernel is not set"));
    };
    let (gamma, degree) = match kernel {
        kernel::Kernel::LinearKernel(_) => (0.0, 0),
        kernel::Kernel::RbfKernel(kernel) => (kernel.gamma, 0),
        kernel::Kernel::PolyKernel(kernel) => (kernel.gamma, kernel.degree),
        kernel::Kernel::SigmoidKernel(kernel) => (kernel.gamma, 0),
    };
    let negative = gamma < 0.0 || degree < 0;
    require(!negative, "kernel", "gamma or degree of the kernel is negative")
}
