//! From a table and options to a task that is fitted, and sequences to learn from.

use super::wide::{self, Training};
use super::{GroupedOptions, GroupedTask, Grouping, InRows, Labels, Parts, characters};
use crate::error::{DataError, Error, Message};
use crate::outlier;
use crate::sequence::Example;
use crate::table::Table;
use crate::task::{HeldOut, Prepared};

/// See [`TaskKind::prepare`](crate::task::TaskKind::prepare).
pub(super) fn prepare<T: GroupedTask>(table: &Table, options: &GroupedOptions) -> Result<Prepared, Error> {
    let in_rows = match wide::of_training::<T>(table, options)? {
        None => characters::of_training(table, options)?,
        found => found,
    };
    match in_rows {
        None => prepare_long::<T>(table, options, None),
        Some(Training { table, options, in_rows, remark }) => {
            let mut prepared = prepare_long::<T>(&table, &options, Some(in_rows))?;
            prepared.remarks.insert(0, remark);
            Ok(prepared)
        }
    }
}

/// As [`prepare`], of a table with a row for each timestep, which was made of one read `in_rows` if that is said.
fn prepare_long<T: GroupedTask>(
    table: &Table,
    options: &GroupedOptions,
    in_rows: Option<InRows>,
) -> Result<Prepared, Error> {
    let id = match options.id.as_deref() {
        Some(id) => id,
        None => match table.usual_column("id", "tells sequences apart", "id") {
            Ok(column) => column.name(),
            Err(missing) => return Err(wide::refuse(table, options, missing)),
        },
    };
    let (mut grouping, mut groups, about_columns) = Grouping::find(table, options, Some(id))?;
    let mut cells = grouping.cells(table, &mut groups, true)?;
    let sequences = groups.with_rows(groups.all());
    if sequences.is_empty() {
        let message =
            Message::from("every row has an empty cell; choose another way with ").option("missing");
        return Err(DataError::new(table.name(), message).into());
    }
    let mut outliers =
        outlier::check_columns(table, grouping.features.iter().map(|feature| feature.name.as_str()))?;
    let columns = Labels::columns(table, &grouping.targets)?;
    grouping.in_rows = in_rows;
    grouping.window = Labels::window(&groups, &columns, options.window)?;
    let window = grouping.window;
    let mut labels = Labels::read(&groups, &sequences, columns, &grouping, true)?;
    let (mut task, about_targets) = T::unfitted(grouping, &labels)?;
    let targets = task.targets(&labels)?;
    T::check_targets(&targets, &labels)?;
    let strata: Vec<usize> = targets.iter().map(T::stratum).collect();
    outliers.extend(T::outliers(&labels)?);
    let parts = Parts::choose(table, &groups, &labels, &strata, options)?;

    let rows: Vec<usize> = parts.split.train.iter().flat_map(|&n| groups.rows[n].iter().copied()).collect();
    let mut about_inputs = Vec::new();
    task.grouping_mut().fit(table, &mut cells, &rows, &mut about_inputs)?;
    let samples_of = |sequences: &[usize]| parts.samples_of(sequences, &labels);
    let learned: Vec<T::Target> =
        samples_of(&parts.split.train).into_iter().map(|k| targets[k].clone()).collect();
    task.fit(&learned, &labels)?;
    let example = |k: usize| {
        let sample = &labels.samples[k];
        let rows = &groups.rows[sample.sequence][..sample.rows.end];
        let x = task.grouping().inputs(&cells, rows, sample.rows.start);
        Example { x, targets: task.to_learn(&targets[k]) }
    };
    let examples = |sequences: &[usize]| samples_of(sequences).into_iter().map(example).collect();
    let (train, validation) = (examples(&parts.split.train), examples(&parts.split.validation));
    let train_groups = parts.groups_of(&samples_of(&parts.split.train), &labels);

    let mut remarks = std::mem::take(&mut groups.remarks);
    remarks.extend(about_columns);
    remarks.extend(outliers);
    remarks.append(&mut labels.remarks);
    remarks.extend(about_targets);
    remarks.extend(about_inputs);
    remarks.extend(window.map(|window| labels.windows_remark(window)));
    remarks.extend(parts.remarks(labels.noun(), |stratum| task.stratum_name(stratum)));
    let test = parts.split.test;
    Ok(Prepared {
        task: task.into(),
        data: table.name().to_owned(),
        train,
        train_groups,
        validation,
        held_out: (!test.is_empty()).then_some(HeldOut::Sequences(test)),
        remarks,
    })
}
