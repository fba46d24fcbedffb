//! What must not compile, and what the compiler says then: the messages are for the users of the API.

#[test]
fn a_wrong_use_does_not_compile_and_the_message_says_what_to_do() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
