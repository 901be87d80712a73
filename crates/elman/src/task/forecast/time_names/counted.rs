//! Headers that count steps: `d_1`, `d_2`, `d_3`, each row of values a series, as the M competitions have them.

use super::super::steps;
use super::header::{Header, LEAST_NAMES, first_doubled};
use crate::table::{Column, Table};
use crate::task::numbered::{LEAST_VALUES, are_of_one_kind, may_hold_numbers, numbered_by, stem, usual_stem};

impl Header {
    /// That of a table whose columns of values are numbered without a gap, if texts or columns that are taken tell its rows
    /// apart, and the columns measure one thing; of one to go on with (`are_told`) nothing more is asked.
    pub(super) fn of_steps(table: &Table, is_taken: &dyn Fn(&str) -> bool, are_told: bool) -> Option<Header> {
        let headers = table.headers();
        let begin = usual_stem(headers)?;
        let is_value = |n: &usize| may_hold_numbers(table.column_at(*n)) && !is_taken(&headers[*n]);
        let columns: Vec<usize> = numbered_by(headers, begin, None).into_iter().filter(is_value).collect();
        let numbers: Vec<f64> = columns.iter().filter_map(|&n| Some(stem(&headers[n])?.1)).collect();
        let counts_up = numbers.windows(2).all(|pair| pair[1] - pair[0] == 1.0)
            && numbers.iter().all(|number| number.fract() == 0.0)
            && columns.is_sorted();
        let least = if are_told { LEAST_NAMES } else { LEAST_VALUES };
        if columns.len() < least || !counts_up {
            return None;
        }
        let name = |(&n, number): (&usize, &f64)| (n, number.to_string());
        let names = columns.iter().zip(&numbers).map(name).collect();
        let header = Header { names, beside: None, format: Some(steps::FORMAT.to_owned()) };
        if !are_told && table.num_rows() > 1 {
            let tells = |column: &Column<'_>| is_taken(column.name()) || !may_hold_numbers(*column);
            let telling: Vec<Column<'_>> = header.others(table).filter(tells).collect();
            if telling.is_empty()
                || first_doubled(table, &telling).is_some()
                || !are_of_one_kind(table, &columns)
            {
                return None;
            }
        }
        Some(header)
    }

    /// Does it count steps, rather than name times?
    pub(super) fn counts_steps(&self) -> bool {
        self.format.as_deref() == Some(steps::FORMAT)
    }
}
