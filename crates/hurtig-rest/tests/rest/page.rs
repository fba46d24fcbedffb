//! The page.

use crate::support::site;

#[test]
fn the_page_is_served_and_refers_to_nothing_outside() {
    let answer = site().get("/");
    assert_eq!(answer.status, 200);
    assert!(
        answer.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"));
    let page = answer.text;
    assert!(page.contains("<title>Hurtig</title>"));
    for outside in [
        "http:", "https:", "//cdn", "src=", "@import", "url(", "import(",
    ] {
        assert!(!page.contains(outside), "the page contains {outside}");
    }
}

#[test]
fn the_page_takes_what_users_say_for_text() {
    let page = site().get("/").text;
    for dangerous in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
    ] {
        assert!(!page.contains(dangerous), "the page uses {dangerous}");
    }
}

/// Every path that the page asks for is one that the server has.
#[test]
fn the_page_asks_for_what_is_there() {
    let site = site();
    site.env.from_collection([1]).discard();
    let job = format!("/jobs/{}", site.env.execute("one").unwrap().job_id);
    let vertex = site.json(&job)["vertices"][0]["id"]
        .as_str()
        .unwrap()
        .to_string();
    let page = site.get("/").text;
    for (asked, path) in [
        ("ask(\"/overview\")", "/overview".to_string()),
        ("ask(\"/jobs/overview\")", "/jobs/overview".to_string()),
        ("ask(\"/jobs/\" + id)", job.clone()),
        ("\"/exceptions\"", format!("{job}/exceptions")),
        (
            "\"/watermarks\"",
            format!("{job}/vertices/{vertex}/watermarks"),
        ),
    ] {
        assert!(page.contains(asked), "{asked}");
        site.json(&path);
    }
}
