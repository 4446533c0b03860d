//! What a guest says of its parameters, held to bounds.

use model::declared::Declared;

use crate::answer::bounded;

/// Most parameters, and longest name.
const COUNT_MAX: usize = 64;
const NAME_MAX: usize = 64;

/// The same in bounds, or what is wrong with it.
pub(crate) fn checked(mut all: Vec<Declared>) -> Result<Vec<Declared>, String> {
    if all.len() > COUNT_MAX {
        return Err(format!(
            "it declares {} parameters; {COUNT_MAX} are the most",
            all.len()
        ));
    }
    for (at, one) in all.iter().enumerate() {
        let name = bounded(&one.name);
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(fits) {
            return Err(format!(
                "it declares a parameter {name:?}; a name has lower-case letters, digits and _"
            ));
        }
        if all.iter().skip(at + 1).any(|other| other.name == one.name) {
            return Err(format!("it declares the parameter {name} twice"));
        }
        let bounds = [one.min, one.max];
        let is_odd = bounds.iter().flatten().any(|bound| !bound.is_finite());
        if is_odd || matches!(bounds, [Some(min), Some(max)] if min > max) {
            return Err(format!(
                "it declares the parameter {name} within bounds that no number is in"
            ));
        }
    }
    for one in &mut all {
        one.meaning = bounded(&one.meaning);
        one.one_of = one
            .one_of
            .iter()
            .take(COUNT_MAX)
            .map(|word| bounded(word))
            .collect();
    }
    Ok(all)
}
