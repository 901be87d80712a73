//! What there is to draw of a task's answers.

/// Lines over the rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// The row of the table with which it begins.
    pub first_row: usize,
    /// The rows' names, from `first_row` on.
    pub row_names: Vec<String>,
    /// The rows of a season, if there are seasons.
    pub season: Option<usize>,
    /// The lines; those that come later are drawn over those before.
    pub lines: Vec<Line>,
}

/// One line of a [`Chart`].
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name in the legend; none for a further piece of a line that has been named.
    pub name: Option<&'static str>,
    /// What it shows.
    pub role: Role,
    /// Rows and values.
    pub points: Vec<(usize, f64)>,
}

/// What a [`Line`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What is known.
    Truth,
    /// What a model says.
    Model,
    /// What a naive predictor says.
    Baseline,
}
