//! Names of types for people.

/// The last part of a type's path, without its parameters: `CountTrigger` of `hurtig::window::CountTrigger<Bid>`.
pub(super) fn short_name<T: ?Sized>() -> String {
    let full = std::any::type_name::<T>();
    let path = full.split('<').next().unwrap_or(full);
    path.rsplit("::").next().unwrap_or(path).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_parameters_are_left_out() {
        assert_eq!(short_name::<Vec<Option<u8>>>(), "Vec");
        assert_eq!(short_name::<u64>(), "u64");
    }
}
