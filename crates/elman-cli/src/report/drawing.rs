//! A task's pictures on a page, each with the numbers that it shows.

use std::collections::BTreeMap;

use elman::task::{Answers, Bars, Cases, Cell, Chart, Charts, Heat, Picture, Points, Role};
use elman::words::thousands;

use super::html::{Kind, Page, Table};
use crate::output::figure;
use crate::svg::{self, Arrangement};

/// The columns and the rows of a grid whose numbers are in its table, at the most.
const MOST_OF_GRID: usize = 20;

/// A section with a picture.
pub(super) fn add(picture: &Picture, page: &mut Page) {
    match picture {
        Picture::Lines(charts) => add_charts(charts, page),
        Picture::Bars(bars) => add_bars(bars, page),
        Picture::Points(points) => add_points(points, page),
        Picture::Heat(heat) => add_heat(heat, page),
        Picture::Cases(cases) => add_cases(cases, page),
        // The library may know others before the program does.
        _ => {}
    }
}

fn notes(notes: &[String], page: &mut Page) {
    notes.iter().for_each(|note| page.note(note));
}

fn add_charts(charts: &Charts, page: &mut Page) {
    page.section(&charts.title);
    let several = charts.charts.len() > 1;
    page.picture(|width| {
        let is_wide = width > 500.0;
        let height = match (is_wide, several) {
            (true, false) => 320.0,
            (true, true) => 210.0,
            (false, _) => 230.0,
        };
        let columns = if is_wide { 2 } else { 1 };
        svg::charts(charts, Arrangement { width, height, columns, titled: false })
    });
    notes(&charts.notes, page);
    for chart in &charts.charts {
        let name = if several { format!("Numbers of {}", chart.title) } else { "The numbers".into() };
        let (table, remark) = table_of(chart).thinned();
        page.details(&name, |page| {
            remark.iter().for_each(|remark| page.note(remark));
            page.table(&chart.title, &table);
        });
    }
}

/// A row for each row of a chart, a column for each line and two for each band.
fn table_of(chart: &Chart) -> Table {
    let first = if chart.x.is_empty() { "row".to_owned() } else { chart.x.clone() };
    let mut columns = vec![(first, Kind::Text)];
    let mut cells: Vec<BTreeMap<usize, f64>> = Vec::new();
    // Pieces without a name belong to the last of their kind that has one.
    let mut of_role: Vec<(Role, usize)> = Vec::new();
    for line in &chart.lines {
        if let Some(name) = &line.name {
            columns.push((name.clone(), Kind::Number));
            cells.push(BTreeMap::new());
            of_role.retain(|(role, _)| *role != line.role);
            of_role.push((line.role, cells.len() - 1));
        }
        if let Some((_, column)) = of_role.iter().find(|(role, _)| *role == line.role) {
            cells[*column].extend(line.points.iter().copied());
        }
    }
    let first_band = cells.len();
    let named = chart.bands.iter().filter(|band| band.name.is_some()).count();
    for name in chart.bands.iter().filter_map(|band| band.name.as_ref()) {
        for end in ["from", "to"] {
            columns.push((format!("{name} {end}"), Kind::Number));
            cells.push(BTreeMap::new());
        }
    }
    for (n, band) in chart.bands.iter().enumerate() {
        let column = first_band + 2 * (n % named.max(1));
        for &(row, ends) in &band.points {
            for (end, value) in ends.into_iter().enumerate() {
                if let Some(cells) = cells.get_mut(column + end) {
                    cells.insert(row, value);
                }
            }
        }
    }
    let row = |(n, name): (usize, &String)| {
        let row = chart.first_row + n;
        let shown = |cells: &BTreeMap<usize, f64>| {
            cells.get(&row).filter(|value| value.is_finite()).map_or(String::new(), |&value| figure(value))
        };
        std::iter::once(name.clone()).chain(cells.iter().map(shown)).collect()
    };
    Table { columns, rows: chart.row_names.iter().enumerate().map(row).collect(), ours: None }
}

fn add_bars(bars: &Bars, page: &mut Page) {
    page.section(&bars.title);
    notes(&bars.notes, page);
    page.picture(|width| svg::bars(bars, width));
    let mut columns = vec![("series".to_owned(), Kind::Text), ("elman".into(), Kind::Number)];
    columns.extend(bars.baseline.iter().map(|name| (name.clone(), Kind::Number)));
    let row = |bar: &elman::task::Bar| {
        vec![bar.name.clone(), figure(bar.model), bar.baseline.map_or("-".into(), figure)]
    };
    let table = Table { columns, rows: bars.bars.iter().map(row).collect(), ours: None };
    page.details("The numbers", |page| page.table(&bars.title, &table));
}

fn add_points(points: &Points, page: &mut Page) {
    page.section(&points.title);
    notes(&points.notes, page);
    if points.points.len() > svg::MOST_POINTS {
        page.note(&format!(
            "Of {} points at most {} are drawn: those that are farthest off, and of the others one of so many.",
            thousands(points.points.len()),
            thousands(svg::MOST_POINTS)
        ));
    }
    page.picture(|width| svg::points(points, width));
    let columns = vec![("true".to_owned(), Kind::Text), ("predicted".into(), Kind::Number)];
    let row = |&(actual, predicted): &(f64, f64)| vec![figure(actual), figure(predicted)];
    let mut sorted = points.points.clone();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (table, remark) = Table { columns, rows: sorted.iter().map(row).collect(), ours: None }.thinned();
    page.details("The numbers", |page| {
        remark.iter().for_each(|remark| page.note(remark));
        page.table(&points.title, &table);
    });
}

fn add_heat(heat: &Heat, page: &mut Page) {
    page.section(&heat.title);
    page.picture(|width| svg::heat(heat, width));
    notes(&heat.notes, page);
    let (table, remark) = table_of_grid(heat);
    page.details("The numbers", |page| {
        remark.iter().for_each(|remark| page.note(remark));
        page.table(&heat.title, &table);
    });
}

/// A row for each column of a grid and a column for each row, as many as a page has room for; and what is to be said of that.
fn table_of_grid(heat: &Heat) -> (Table, Option<String>) {
    let every = |count: usize| count.div_ceil(MOST_OF_GRID).max(1);
    let (every_column, every_row) = (every(heat.columns.len()), every(heat.values.len()));
    let rows = heat.rows.iter().zip(&heat.values).step_by(every_row);
    let names = rows.clone().map(|(name, _)| (format!("{} {name}", heat.y), Kind::Number));
    let columns = std::iter::once((heat.x.clone(), Kind::Text)).chain(names).collect();
    let shown = |value: Option<&f64>| {
        value.filter(|value| value.is_finite()).map_or(String::new(), |&value| figure(value))
    };
    let cells = |(n, name): (usize, &String)| {
        std::iter::once(name.clone()).chain(rows.clone().map(|(_, values)| shown(values.get(n)))).collect()
    };
    let rows = heat.columns.iter().enumerate().step_by(every_column).map(cells).collect();
    let remark = (every_column > 1 || every_row > 1).then(|| {
        format!(
            "Of {} columns of the picture one in {every_column}, of {} rows one in {every_row}.",
            thousands(heat.columns.len()),
            thousands(heat.values.len())
        )
    });
    (Table { columns, rows, ours: None }, remark)
}

fn add_cases(cases: &Cases, page: &mut Page) {
    page.section(&cases.title);
    notes(&cases.notes, page);
    let kind = |answers: &Answers| match answers {
        Answers::Numbers(_) => Kind::Number,
        Answers::Text(texts) if texts.iter().all(|text| text.parse::<f64>().is_ok()) => Kind::Number,
        Answers::Text(_) | Answers::Times(_) => Kind::Text,
    };
    let columns = cases.columns.iter().map(|(name, answers)| (name.clone(), kind(answers))).collect();
    let count = cases.columns.iter().map(|(_, answers)| answers.len()).min().unwrap_or(0);
    let shown = |cell: Cell<'_>| match cell {
        Cell::Number(number) => figure(number.value),
        cell => cell.to_string(),
    };
    let row = |n: usize| cases.columns.iter().map(|(_, answers)| shown(answers.cell(n))).collect();
    page.table(&cases.title, &Table { columns, rows: (0..count).map(row).collect(), ours: None });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_a_grid_holds_its_numbers() {
        let heat = |columns: usize, rows: usize| Heat {
            x: "timestep".into(),
            y: "unit".into(),
            columns: (1..=columns).map(|n| n.to_string()).collect(),
            rows: (1..=rows).map(|n| n.to_string()).collect(),
            values: (0..rows).map(|row| (0..columns).map(|n| (100 * row + n) as f64).collect()).collect(),
            ..Heat::default()
        };
        let (table, remark) = table_of_grid(&heat(3, 2));
        let names: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names, remark), (vec!["timestep", "unit 1", "unit 2"], None));
        assert_eq!(table.rows, [["1", "0", "100.0"], ["2", "1.000", "101.0"], ["3", "2.000", "102.0"]]);

        let (table, remark) = table_of_grid(&heat(45, 20));
        assert_eq!(remark.unwrap(), "Of 45 columns of the picture one in 3, of 20 rows one in 1.");
        assert_eq!((table.rows.len(), table.columns.len()), (15, 21));
        assert_eq!(table.rows[14][..3], ["43", "42.00", "142.0"]);
        assert_eq!(table_of_grid(&Heat::default()).0.rows.len(), 0);
    }
}
