//! Text in columns: the first two and the last flush left, numbers flush right.

const COLUMNS: usize = 9;
const GAP: &str = "  ";

pub(crate) struct Table {
    rows: Vec<[String; COLUMNS]>,
}

impl Table {
    pub(crate) fn new(head: [&str; COLUMNS]) -> Self {
        Self { rows: vec![head.map(str::to_owned)] }
    }

    pub(crate) fn add(&mut self, row: [String; COLUMNS]) {
        self.rows.push(row);
    }

    pub(crate) fn render(&self) -> String {
        let widths: [usize; COLUMNS] =
            std::array::from_fn(|column| self.rows.iter().map(|row| width(&row[column])).max().unwrap_or(0));
        let mut text = String::new();
        for row in &self.rows {
            let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
                if column < 2 || column == COLUMNS - 1 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
            text.push_str(cells.collect::<Vec<String>>().join(GAP).trim_end());
            text.push('\n');
        }
        text
    }
}

/// Everything printed here is one column wide for each character.
fn width(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters() {
        let mut table = Table::new(["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
        table.add(["µs", "–", "10", "", "", "", "", "", "ok"].map(str::to_owned));
        table.add(["longer", "x", "5", "", "", "", "", "", ""].map(str::to_owned));
        assert_eq!(table.render(), "a       b   c  d  e  f  g  h  i\nµs      –  10                 ok\nlonger  x   5\n");
    }
}
