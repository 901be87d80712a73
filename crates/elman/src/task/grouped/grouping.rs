use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::clocks::Clock;
use super::feature::{Clocks, find};
use super::groups::Groups;
use super::scattered;
use super::{GroupedOptions, InRows, one_or_many};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::missing::{Gaps, Missing};
use crate::outlier;
use crate::table::{Table, TableError};
use crate::task::Answers;
use crate::task::feature::{Cells, Feature};
use crate::words::{counted, quoted};

/// What can be made of missing values; a season is a forecast's.
const CHOICES: [Missing; 5] =
    [Missing::Drop, Missing::Interpolate, Missing::Previous, Missing::Zero, Missing::Flag];

/// The columns of a table of many sequences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grouping {
    /// The columns that tell sequences apart, together; none where the table is one of them. A single one stands for itself
    /// in files.
    #[serde(rename = "id", with = "one_or_many", default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// The column of times, if there is one: rows are read in its order.
    pub time: Option<String>,
    /// How its times are written, where that was said.
    #[serde(rename = "time-format", default, skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// The columns of targets; a single one stands for itself in files.
    #[serde(rename = "target", with = "one_or_many")]
    pub targets: Vec<String>,
    /// The inputs.
    pub features: Vec<Feature>,
    /// What is made of empty cells of inputs; none where they are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// Where targets differ from row to row: the rows that are read for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    /// How the table was read, if each of its rows is a sequence: as a long one with the columns of this grouping.
    #[serde(rename = "in-rows", default, skip_serializing_if = "Option::is_none")]
    pub in_rows: Option<InRows>,
}

impl Grouping {
    /// See [`TaskKind::needs_version_3`](crate::task::TaskKind::needs_version_3).
    pub(in crate::task) fn needs_version_3(&self) -> bool {
        let of_features = self.features.iter().any(|feature| feature.scaling.is_none() || feature.flagged);
        let of_columns = [
            self.time_format.is_some(),
            self.missing.is_some(),
            self.window.is_some(),
            self.in_rows.is_some(),
        ];
        let of_columns = of_columns.contains(&true);
        of_features || of_columns || self.targets.len() > 1 || self.ids.len() > 1
    }

    /// Finds the columns, without statistics of the inputs, and reads the sequences, which `id` tells apart.
    pub(in crate::task) fn find<'t>(
        table: &'t Table,
        options: &GroupedOptions,
        id: Option<&str>,
    ) -> Result<(Self, Groups<'t>, Vec<Message>), Error> {
        Self::find_by(table, options, id, &Clock::of)
    }

    /// The same of some rows of a table, of which it is known otherwise which columns tell when a row was.
    pub(in crate::task) fn find_by<'t>(
        table: &'t Table,
        options: &GroupedOptions,
        id: Option<&str>,
        clocks: Clocks<'_>,
    ) -> Result<(Self, Groups<'t>, Vec<Message>), Error> {
        let column = |name: &str| Ok::<_, Error>(table.column(name)?.name().to_owned());
        let ids = id.map_or(Ok(Vec::new()), |id| table.columns_named(id))?;
        let targets = match options.target.as_deref() {
            Some(names) => table.columns_named(names)?,
            None => vec![table.usual_column("target", "is to be learned", "target")?.name().to_owned()],
        };
        let time = options.time.as_deref().or(table.made_time()).map(column).transpose()?;
        let group = options.group.as_deref().map(column).transpose()?;
        let mut asked: Vec<(&'static str, &String)> = ids.iter().map(|id| ("id", id)).collect();
        asked.extend(targets.iter().map(|target| ("target", target)));
        asked.extend(time.iter().map(|time| ("time", time)));
        asked.extend(group.iter().map(|group| ("group", group)));
        asked.extend(options.features.iter().flatten().map(|name| ("features", name)));
        let mut seen: HashMap<&String, &'static str> = HashMap::new();
        for (option, column) in asked {
            if let Some(other) = seen.insert(column, option) {
                let both = if other == option {
                    Message::from("twice")
                } else {
                    Message::from("and ").option(other).text(" both")
                };
                let message = both.text(format!(" name the column {column:?}; give each its own"));
                return Err(ConfigError::new(option, message).into());
            }
        }
        if options.missing.is_some_and(|missing| !CHOICES.contains(&missing)) {
            let choices = CHOICES.map(Missing::name).join(", ");
            let message =
                format!("by a season is for forecasts; to learn from sequences it is one of {choices}");
            return Err(ConfigError::new("missing", message).into());
        }
        if options.time_format.is_some() && time.is_none() {
            let message = Message::from("is given, but no column of times; name it with ").option("time");
            return Err(ConfigError::new("time_format", message).into());
        }
        let time_format = options.time_format.clone();
        let mut groups = Groups::read(table, &ids, time.as_deref(), time_format.as_deref())?;
        let taken: Vec<&str> =
            ids.iter().chain(&time).chain(&group).chain(&targets).map(String::as_str).collect();
        let (features, mut remarks) =
            find(table, &groups, options.features.as_deref(), &taken, options.missing, clocks)?;
        remarks.extend(scattered::remark(table, &groups, &ids, &taken));
        if groups.len() > 1 && groups.rows.iter().all(|rows| rows.len() == 1) {
            let text = "each sequence has one row, so there is nothing that follows to learn from; if another column tells \
                        sequences apart, name it with ";
            groups.remarks.push(Message::from(text).option("id"));
        }
        let missing = options.missing;
        let (window, in_rows) = (None, None);
        let grouping = Grouping { ids, time, time_format, targets, features, missing, window, in_rows };
        Ok((grouping, groups, remarks))
    }

    /// The names of the inputs, one after another.
    pub(in crate::task) fn input_names(&self) -> Vec<String> {
        self.features.iter().flat_map(Feature::input_names).collect()
    }

    /// The number of inputs.
    pub(in crate::task) fn input_size(&self) -> usize {
        self.features.iter().fold(0, |sum, feature| sum.saturating_add(feature.width()))
    }

    /// Reads the feature columns, refuses or remarks their gaps, and takes rows out of the sequences that are left
    /// out for them. `is_training` tells whether the way out can still be chosen.
    pub(in crate::task) fn cells<'t>(
        &self,
        table: &'t Table,
        groups: &mut Groups<'_>,
        is_training: bool,
    ) -> Result<Vec<Cells<'t>>, Error> {
        let mut columns = Vec::with_capacity(self.features.len());
        let (mut count, mut first): (usize, Option<(usize, &Feature)>) = (0, None);
        for feature in &self.features {
            let cells = feature.cells(table.column(&feature.name)?, &mut groups.remarks)?;
            let gaps = Gaps::of(&cells);
            count += gaps.count;
            if let Some(row) = gaps.first.filter(|&row| first.is_none_or(|(before, _)| row < before)) {
                first = Some((row, feature));
            }
            columns.push(cells);
        }
        if !is_training {
            groups.remarks.extend(self.remarks_on_far(table, &columns, 0..table.num_rows())?);
        }
        let Some((row, feature)) = first else { return Ok(columns) };
        let place = table.column(&feature.name)?.place(row);
        let Some(missing) = self.missing else {
            let gaps = Gaps { count, first: Some(row) };
            if is_training {
                return Err(gaps.refuse(place, &CHOICES).into());
            }
            let empty = match count {
                1 => "the cell is empty; fill it in".to_owned(),
                _ => format!("the first of {}; fill them in", counted(count, "empty cell")),
            };
            let message =
                Message::from(format!("{empty}, or train a model that was told what becomes of them, with "));
            return Err(DataError::new(place, message.option("missing")).into());
        };
        groups.remarks.push(missing.remark(count, place));
        self.remark_unknown(&columns, groups);
        if missing == Missing::Drop {
            let is_whole = |row: &usize| columns.iter().all(|cells| !cells[*row].is_nan());
            groups.rows.iter_mut().for_each(|rows| rows.retain(is_whole));
            let emptied = groups.rows.iter().filter(|rows| rows.is_empty()).count();
            if emptied > 0 {
                let sequences = counted(emptied, "sequence");
                groups.remarks.push(format!("{sequences} had no whole row, and left with their rows").into());
            }
        }
        Ok(columns)
    }

    /// The cells of these rows that are far beyond those in training.
    pub(in crate::task) fn remarks_on_far(
        &self,
        table: &Table,
        cells: &[Cells<'_>],
        rows: impl Iterator<Item = usize> + Clone,
    ) -> Result<Vec<Message>, TableError> {
        let mut remarks = Vec::new();
        for (feature, cells) in self.features.iter().zip(cells) {
            remarks.extend(feature.remark_on_far(table.column(&feature.name)?, cells, rows.clone()));
        }
        Ok(outlier::first_of(remarks, "columns"))
    }

    /// What is to be said of features that did not vary in training, if there are some.
    pub(in crate::task) fn silent_remark(&self) -> Option<Message> {
        let silent: Vec<&str> = self
            .features
            .iter()
            .filter(|feature| feature.is_silent())
            .map(|feature| feature.name.as_str())
            .collect();
        (!silent.is_empty()).then(|| {
            let (are, count) = if silent.len() == 1 { ("is", "counts") } else { ("are", "count") };
            let text =
                format!("{} {are} the same in the whole training part, and {count} nothing", quoted(silent));
            text.into()
        })
    }

    /// Takes the statistics of the features from these rows, reads the cells by them, and remarks what tells nothing.
    pub(in crate::task) fn fit<'t>(
        &mut self,
        table: &'t Table,
        cells: &mut [Cells<'t>],
        rows: &[usize],
        remarks: &mut Vec<Message>,
    ) -> Result<(), Error> {
        for (feature, cells) in self.features.iter_mut().zip(cells) {
            let column = table.column(&feature.name)?;
            feature.fit(cells, rows, column.whole())?;
            *cells = feature.cells(column, remarks)?;
        }
        remarks.extend(self.silent_remark());
        Ok(())
    }

    /// Remarks the sequences of which a column has no value, where fillers look for one.
    fn remark_unknown(&self, cells: &[Cells<'_>], groups: &mut Groups<'_>) {
        if matches!(self.missing, None | Some(Missing::Drop | Missing::Zero)) {
            return;
        }
        let is_unknown = |cells: &Cells<'_>, rows: &[usize]| rows.iter().all(|&row| cells[row].is_nan());
        let mut unknown = self.features.iter().zip(cells).flat_map(|(feature, cells)| {
            let rows = groups.rows.iter().enumerate().filter(|(_, rows)| is_unknown(cells, rows));
            rows.map(move |(n, _)| (feature, n))
        });
        let Some((feature, n)) = unknown.next() else { return };
        let first = format!("{:?} of sequence {:?}", feature.name, groups.name(n));
        let (count, has) = match 1 + unknown.count() {
            1 => (first.clone(), "has"),
            count => (format!("{first} and {} more", count - 1), "have"),
        };
        let text =
            format!("{count} {has} no value at all: the mean in training stands there, or no category");
        groups.remarks.push(text.into());
    }

    /// The inputs `[length, I]` of the last of a sequence's rows so far, from the row `from` on. Gaps are filled from
    /// the rows so far alone; where those know nothing, the input is 0, the mean in training.
    pub(in crate::task) fn inputs(&self, cells: &[Cells<'_>], rows: &[usize], from: usize) -> Vec<f64> {
        let width = self.input_size();
        let mut x = vec![0.0; (rows.len() - from) * width];
        let mut place = 0;
        for (feature, cells) in self.features.iter().zip(cells) {
            let known = || rows.iter().map(|&row| cells[row]);
            let mut values: Vec<f64> = known().skip(from).collect();
            if values.iter().any(|value| value.is_nan()) {
                values = self.filled(feature, known().collect()).split_off(from);
            }
            let inputs = place..place + feature.width();
            for ((x, value), cell) in x.chunks_exact_mut(width).zip(values).zip(known().skip(from)) {
                feature.write(value, cell.is_nan(), &mut x[inputs.clone()]);
            }
            place = inputs.end;
        }
        x
    }

    /// A sequence's values of a feature without gaps. Between categories there is no line, and none is zero: those
    /// stay what they were, or nothing.
    fn filled(&self, feature: &Feature, mut values: Vec<f64>) -> Vec<f64> {
        let missing = match self.missing {
            Some(Missing::Interpolate) if feature.scaling.is_none() => Some(Missing::Previous),
            Some(Missing::Zero) if feature.scaling.is_none() => None,
            missing => missing,
        };
        if let Some(missing) = missing {
            missing.fill(&mut values, None);
        }
        values
    }

    /// The columns that predictions carry over from the data, a row per sequence: the id, and the time of
    /// its last row if there is a time column.
    pub(super) fn keys(
        &self,
        table: &Table,
        groups: &Groups<'_>,
    ) -> Result<Vec<(String, Answers)>, TableError> {
        let part = |id: &Vec<&str>, n: usize| id.get(n).copied().unwrap_or_default().to_owned();
        let parts = |n: usize| groups.ids.iter().map(|id| part(id, n)).collect();
        let mut keys: Vec<_> =
            self.ids.iter().enumerate().map(|(n, id)| (id.clone(), Answers::Text(parts(n)))).collect();
        if let Some(name) = &self.time {
            let time = table.column(name)?;
            let last =
                groups.rows.iter().map(|rows| rows.last().map_or("", |&row| time.text(row)).to_owned());
            keys.push((name.clone(), Answers::Text(last.collect())));
        }
        Ok(keys)
    }

    /// The columns in words.
    pub(in crate::task) fn describe(&self) -> String {
        const MOST: usize = 12;
        let mut features: Vec<String> =
            self.features.iter().take(MOST).map(|feature| feature.name.clone()).collect();
        if self.features.len() > MOST {
            features.push(format!("{} more", self.features.len() - MOST));
        }
        let windows =
            self.window.map_or_else(String::new, |window| format!("the last {} of ", counted(window, "row")));
        let (targets, features) = (quoted(&self.targets), features.join(", "));
        match &self.in_rows {
            Some(InRows::Values { length, .. }) => {
                return format!("{targets} from rows of up to {length} values");
            }
            Some(InRows::Text { text }) => return format!("{targets} from the characters of {text:?}"),
            None => {}
        }
        if self.ids.is_empty() {
            return format!("{targets} from one recording of {features}");
        }
        format!("{targets} from {windows}sequences of {features} told apart by {}", quoted(&self.ids))
    }

    /// Refuses what no fitted grouping can be.
    pub(in crate::task) fn check(&self) -> Result<(), String> {
        if self.features.is_empty() {
            return Err("its features' scaling is out of range".into());
        }
        if self.in_rows.is_some() && (self.targets.len() != 1 || self.ids.len() != 1) {
            return Err("its rows are sequences without an id, or with several targets".into());
        }
        if self.targets.is_empty() || self.window == Some(0) {
            return Err("it has no target, or windows of no rows".into());
        }
        self.features.iter().try_for_each(Feature::check)
    }
}
