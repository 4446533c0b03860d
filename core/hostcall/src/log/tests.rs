use super::*;

#[test]
fn a_flood_is_cut_to_its_rate_and_counted() {
    let limiter = Limiter::new(3);
    let start = Instant::now();
    let passed = (0..1000).filter(|_| limiter.admit(start).is_some()).count();
    assert_eq!(passed, 3);
    let later = start + Duration::from_millis(1100);
    assert_eq!(limiter.admit(later), Some(997));
    assert_eq!(limiter.admit(later), Some(0));
}

#[test]
fn a_message_is_one_line_of_bounded_length() {
    assert_eq!(printable("a\nERROR forged\u{1b}[0m"), "a ERROR forged [0m");
    assert_eq!(printable(&"ü".repeat(MESSAGE_MAX)).len(), MESSAGE_MAX);
}
