//! `topk`: before iOS16 it always sorts and always gives the indices.

use super::Site;

pub(super) fn lower(site: &mut Site<'_>) -> Result<(), String> {
    let gives_indices = site.call()?.bool("return_indices") != Ok(false);
    if gives_indices {
        // Sorted is one of the orders that an unsorted result may have.
        site.drop("sort");
        site.drop("return_indices");
        return Ok(());
    }
    let new = site.like(&["sort", "return_indices"]);
    let values = site.emit(new)?;
    site.finish(&values[..1])
}
