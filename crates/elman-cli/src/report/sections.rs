//! The sections of a page that are the same for every task.

use elman::metrics::Confusion;
use elman::task::{Chart, Line, Mark, Role};
use elman::words::{counted, thousands};

use super::html::{Kind, Page, Table};
use super::{Report, drawing};
use crate::output::{figure, quoted};
use crate::{evaluate, inspect, svg};

/// The confusions that are listed one by one.
const MOST_CONFUSIONS: usize = 10;

impl Report<'_> {
    /// The figures beside the baselines'.
    pub(super) fn figures(&self, page: &mut Page) {
        page.section("How well it does");
        let Some(evaluation) = self.evaluation else {
            return page.paragraph("The model was not tested: nothing was kept for that.");
        };
        page.paragraph(&format!("Test: {}.", evaluation.on));
        let mut rows = evaluate::figure_rows(evaluation).into_iter();
        let columns = rows.next().unwrap_or_default();
        let columns = columns.into_iter().map(|name| (measure(&name).to_owned(), Kind::Number)).collect();
        page.table("Figures", &Table { columns, rows: rows.collect(), ours: Some(0) });
    }

    /// What the program has remarked.
    pub(super) fn remarks(&self, page: &mut Page) {
        if !self.remarks.is_empty() {
            page.section("Remarks");
            page.list(&self.remarks);
        }
    }

    /// Which classes were taken for which.
    pub(super) fn classes(&self, page: &mut Page) {
        let Some(confusion) = self.evaluation.and_then(|evaluation| evaluation.confusion.as_ref()) else {
            return;
        };
        page.section("Confusion matrix");
        page.note(
            "Rows are true classes, columns answers; a cell is the stronger the larger its share of its row.",
        );
        let count = confusion.classes.len();
        if count > svg::MOST_CLASSES {
            page.note(&format!(
                "Of {} classes the {} with the most mistakes are drawn.",
                thousands(count),
                svg::MOST_CLASSES
            ));
        }
        page.large_picture("Confusion matrix", |width| svg::matrix(confusion, width));
        page.details("The numbers", |page| page.table("Answers by class", &counts(confusion)));
        let shown = |value: Option<f64>| value.map_or("-".into(), figure);
        let rows = confusion.classes.iter().zip(confusion.figures()).map(|(class, of)| {
            let figures = [of.precision, of.recall, of.f1].map(shown);
            [class.clone(), of.support.to_string()].into_iter().chain(figures).collect()
        });
        let columns = ["class", "count", "precision", "recall", "F1"];
        let (classes, remark) = numbers(&columns, rows.collect()).thinned();
        page.section("Classes");
        remark.iter().for_each(|remark| page.note(remark));
        page.table("Classes", &classes);
        let confusions = confusions(confusion);
        if !confusions.is_empty() {
            page.section("Most frequent confusions");
            let columns = [("class", Kind::Text), ("answered", Kind::Text), ("times", Kind::Number)];
            let columns = columns.map(|(name, kind)| (name.to_owned(), kind)).into();
            page.table("Most frequent confusions", &Table { columns, rows: confusions, ours: None });
        }
    }

    /// How the losses went, epoch by epoch.
    pub(super) fn training(&self, page: &mut Page) {
        let Some(history) = self.history else { return };
        let Some(charts) = history.losses(self.model.record().best_epoch) else { return };
        page.section("Training");
        page.picture(|width| {
            let height = if width > 500.0 { 280.0 } else { 220.0 };
            svg::charts(&charts, svg::Arrangement { width, height, columns: 1, titled: false })
        });
        charts.notes.iter().for_each(|note| page.note(note));
        let columns = ["epoch", charts.charts[0].y.as_str(), "validation", "learning rate", "gradient norm"];
        let (table, remark) = numbers(&columns, history.rows()).thinned();
        page.details("The numbers", |page| {
            remark.iter().for_each(|remark| page.note(remark));
            page.table("Epochs", &table);
        });
        self.inside.notes.iter().for_each(|note| page.note(note));
        self.inside.pictures.iter().for_each(|picture| drawing::add(picture, page));
    }

    /// Among which recipes that of the model was chosen.
    pub(super) fn trials(&self, page: &mut Page) {
        let Some(trials) = &self.trials else { return };
        page.section("Trials");
        let count = trials.recipes.len();
        page.note(&format!(
            "{} tried by successive halving; the best of each round went on, and the first was chosen. A loss is that on the \
             validation part. The lowest of {} is lower than what it will be on other data; figures are of rows that no \
             trial has seen.",
            if count == 1 { "1 recipe was".into() } else { format!("{} were", counted(count, "recipe")) },
            thousands(count)
        ));
        let after = trials
            .epochs
            .iter()
            .map(|&epochs| (format!("loss after {}", counted(epochs as usize, "epoch")), Kind::Number));
        let shown = |loss: Option<&f64>| match loss {
            Some(loss) if loss.is_finite() => figure(*loss),
            Some(_) => "diverged".into(),
            None => String::new(),
        };
        let row = |(n, (recipe, losses)): (usize, &(String, Vec<f64>))| {
            let losses = (0..trials.epochs.len()).map(|rung| shown(losses.get(rung)));
            std::iter::once((n + 1).to_string()).chain(losses).chain([recipe.clone()]).collect()
        };
        let mut columns = vec![("trial".to_owned(), Kind::Text)];
        columns.extend(after);
        columns.push(("recipe".into(), Kind::Text));
        let table =
            Table { columns, rows: trials.recipes.iter().enumerate().map(row).collect(), ours: Some(0) };
        page.table("Trials", &table);
    }

    /// How the loss went at rising learning rates.
    pub(super) fn range_test(&self, page: &mut Page) {
        let Some(test) = self.range_test else { return };
        page.section("Learning rate");
        // Where the loss runs away, it would leave no room for what is before.
        let limit = 2.0 * test.steps.first().map_or(0.0, |step| step.smoothed.abs());
        let away = test.steps.iter().position(|step| step.smoothed > limit).unwrap_or(test.steps.len());
        let shown = &test.steps[..away.max(test.lowest.map_or(0, |row| row + 1))];
        let points = shown.iter().enumerate().map(|(n, step)| (n, step.smoothed)).collect();
        let mark = test.lowest.map(|row| Mark { row, text: "lowest".into() });
        let chart = Chart {
            title: "Range test".into(),
            x: "learning rate".into(),
            y: "smoothed loss".into(),
            row_names: powers_of_ten(shown.iter().map(|step| step.rate)),
            lines: vec![Line::new("training".to_owned(), Role::Truth, points)],
            marks: mark.into_iter().collect(),
            ..Chart::default()
        };
        page.picture(|width| {
            let height = if width > 500.0 { 280.0 } else { 220.0 };
            svg::charts(&chart.clone().into(), svg::Arrangement { width, height, columns: 1, titled: false })
        });
        if shown.len() < test.steps.len() {
            page.note("Beyond the right end the loss is more than twice that of the first rate.");
        }
        page.note(&match test.chosen() {
            Some(rate) => format!("{rate} was chosen: a tenth of the rate of the lowest smoothed loss."),
            None => "The loss fell at no rate by more than it varies, so the usual rate was taken.".into(),
        });
    }

    /// What the model is and how it came about.
    pub(super) fn about_model(&self, page: &mut Page) -> anyhow::Result<()> {
        let (model, record) = (self.model, self.model.record());
        let members = model.ensemble().members().len();
        let parameters = counted(model.network().layout().len(), "parameter");
        let each = if members > 1 { format!(" in each of {members} members") } else { String::new() };
        let mut facts = vec![
            ("task", model.task().kind().describe()),
            ("network", inspect::network_text(model.network())),
            ("size", format!("{parameters}{each} in {}", model.ensemble().dtype())),
            ("data", inspect::data_text(model)),
            ("training", inspect::training_text(model)),
        ];
        if let Some(distribution) = model.ensemble().distribution() {
            facts.push(("answers", inspect::distribution_text(distribution)));
        }
        if let Some((data, rows)) = self.data {
            let what = if model.sound().is_some() { "sample" } else { "row" };
            // A text is a single one.
            let rows = if rows > 1 { format!(", {}", counted(rows, what)) } else { String::new() };
            facts.push(("tested on", format!("{data}{rows}")));
        }
        page.section("The model");
        page.facts(&facts);
        let recipe = serde_json::to_string_pretty(&record.recipe)?;
        let options = self.options.as_ref().map(serde_json::to_string_pretty).transpose()?;
        page.details("Configuration", |page| {
            page.code(&recipe);
            options.iter().for_each(|options| page.code(options));
        });
        Ok(())
    }

    /// The command, as it was typed.
    pub(super) fn how_to_repeat(&self, page: &mut Page) {
        page.section("To repeat it");
        let words = std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy()));
        page.code(&std::iter::once("elman".to_owned()).chain(words).collect::<Vec<_>>().join(" "));
        page.note("The same data, options and seed give the same bits.");
    }
}

/// The name of a figure, as it is usually written.
fn measure(name: &str) -> &str {
    match name {
        "mae" => "MAE",
        "rmse" => "RMSE",
        "mape" => "MAPE",
        "smape" => "sMAPE",
        "mase" => "MASE",
        "wql" => "wQL",
        "crps" => "CRPS",
        "r2" => "R²",
        "f1" => "F1",
        "esr" => "ESR",
        "esr db" => "ESR in dB",
        other => other,
    }
}

/// Names of rising rates where they pass a power of ten, the first among them; nothing of the others.
fn powers_of_ten(rates: impl Iterator<Item = f64>) -> Vec<String> {
    let mut before = f64::NEG_INFINITY;
    let name = |rate: f64| {
        // A rate that is the power itself may be a bit less.
        let power = (rate.log10() + 1e-9).floor();
        let is_new = power > before;
        before = power;
        match power {
            _ if !is_new => String::new(),
            -3.0..=3.0 => 10f64.powf(power).to_string(),
            _ => format!("1e{power}"),
        }
    };
    rates.map(name).collect()
}

/// A table of numbers, but for the first column.
fn numbers(columns: &[&str], rows: Vec<Vec<String>>) -> Table {
    let columns = columns.iter().map(|&name| (name.to_owned(), Kind::Number)).collect();
    Table { columns, rows, ours: None }
}

/// The numbers of the matrix: a row for each true class that is drawn, a column for each answer.
fn counts(confusion: &Confusion) -> Table {
    let drawn = svg::drawn_classes(confusion);
    let name = |&class: &usize| confusion.classes[class].clone();
    let answers = drawn.iter().map(|class| (name(class), Kind::Number));
    let row = |class: &usize| {
        let counts = drawn.iter().map(|&answer| confusion.counts[*class][answer].to_string());
        std::iter::once(name(class)).chain(counts).collect()
    };
    Table {
        columns: std::iter::once(("true, by answer".into(), Kind::Text)).chain(answers).collect(),
        rows: drawn.iter().map(row).collect(),
        ours: None,
    }
}

/// Which classes were taken for which others most often.
fn confusions(confusion: &Confusion) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for (class, row) in confusion.classes.iter().zip(&confusion.counts) {
        for (answer, &count) in confusion.classes.iter().zip(row) {
            if count > 0 && answer != class {
                all.push((count, class, answer));
            }
        }
    }
    all.sort_by_key(|&(count, ..)| std::cmp::Reverse(count));
    let row = |(count, class, answer): (usize, &String, &String)| {
        vec![class.clone(), answer.clone(), count.to_string()]
    };
    all.into_iter().take(MOST_CONFUSIONS).map(row).collect()
}
