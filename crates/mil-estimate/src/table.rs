//! Tables of `data/*.tsv`: tab-separated, `#` begins a comment line, the first other line names the columns.
//!
//! Whoever needs a table reads it once. A row that cannot be read is left out; a test holds that there is
//! none (`data.rs`).

/// One row of a table.
pub(crate) struct Row<'t> {
    columns: &'t [&'static str],
    cells: Vec<&'static str>,
}

impl Row<'_> {
    /// The cell of a column.
    pub(crate) fn text(&self, column: &str) -> Result<&'static str, String> {
        let at = self.columns.iter().position(|name| *name == column);
        at.and_then(|at| self.cells.get(at).copied()).ok_or_else(|| format!("no column {column}"))
    }

    /// The cell of a column, read as a `T`; `None` where it is empty.
    pub(crate) fn get<T: std::str::FromStr>(&self, column: &str) -> Result<Option<T>, String> {
        match self.text(column)? {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| format!("{column}: cannot read {text:?}")),
        }
    }

    /// The cell of a column, which must not be empty.
    pub(crate) fn need<T: std::str::FromStr>(&self, column: &str) -> Result<T, String> {
        self.get(column)?.ok_or_else(|| format!("{column} is empty"))
    }

    /// The cell of a column, split at commas.
    pub(crate) fn list(&self, column: &str) -> Result<Vec<&'static str>, String> {
        Ok(self.text(column)?.split(',').filter(|item| !item.is_empty()).collect())
    }
}

/// The rows of a table that can be read.
pub(crate) fn read<T>(text: &'static str, parse: impl FnMut(&Row<'_>) -> Result<T, String>) -> Vec<T> {
    rows(text, parse).into_iter().filter_map(|(_, row)| row.ok()).collect()
}

/// Each row with the number of its line.
pub(crate) fn rows<T>(
    text: &'static str,
    mut parse: impl FnMut(&Row<'_>) -> Result<T, String>,
) -> Vec<(usize, Result<T, String>)> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let columns: Vec<&'static str> =
        lines.next().map_or_else(Vec::new, |(_, line)| line.split('\t').collect());
    let row = |(number, line): (usize, &'static str)| {
        let cells: Vec<&'static str> = line.split('\t').collect();
        if cells.len() != columns.len() {
            return (number + 1, Err(format!("{} cells, not {}", cells.len(), columns.len())));
        }
        (number + 1, parse(&Row { columns: &columns, cells }))
    };
    lines.map(row).collect()
}
