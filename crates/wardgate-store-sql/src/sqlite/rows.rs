//! Statements that insert several rows at once.
//!
//! Each statement is a trip to the thread that owns the connection and back, which costs more than a row itself. A list is
//! therefore cut into as few statements as a small set of sizes allows, so that each text is made once and stays prepared.

/// The texts of a statement, one for each number of rows that it may have.
pub(super) struct Texts(Vec<(usize, String)>);

impl Texts {
    /// What `text` says for each of these sizes: largest first, the last is 1.
    pub(super) fn new(sizes: &[usize], text: impl Fn(usize) -> String) -> Self {
        Self(sizes.iter().map(|rows| (*rows, text(*rows))).collect())
    }

    /// `before`, then `row` as often as there are rows, then `after`.
    pub(super) fn repeating(sizes: &[usize], before: &str, row: &str, after: &str) -> Self {
        Self::new(sizes, |rows| format!("{before} {} {after}", vec![row; rows].join(", ")))
    }

    /// The rows in their order, each part with the statement for it.
    pub(super) fn cut<'r, R>(&'static self, rows: &'r [R]) -> impl Iterator<Item = (&'static str, &'r [R])> {
        let mut rest = rows;
        std::iter::from_fn(move || {
            let (size, text) = self.0.iter().find(|(size, _)| *size <= rest.len())?;
            let (part, behind) = rest.split_at(*size);
            rest = behind;
            Some((text.as_str(), part))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts::repeating(&[4, 2, 1], "VALUES", "(?)", ";"));

    #[test]
    fn a_list_is_cut_into_few_statements() {
        let cases: [(usize, &[usize]); 6] = [(0, &[]), (1, &[1]), (3, &[2, 1]), (4, &[4]), (7, &[4, 2, 1]), (9, &[4, 4, 1])];
        for (rows, sizes) in cases {
            let list: Vec<usize> = (0..rows).collect();
            let parts: Vec<_> = TEXTS.cut(&list).collect();
            assert_eq!(parts.iter().map(|(_, part)| part.len()).collect::<Vec<_>>(), sizes, "{rows}");
            assert_eq!(parts.iter().flat_map(|(_, part)| *part).copied().collect::<Vec<_>>(), list);
            for (text, part) in parts {
                assert_eq!(text.matches("(?)").count(), part.len(), "{text}");
            }
        }
    }
}
