import QueryLanguage
import Testing

@Suite("Web addresses")
struct WebAddressTests {
    @Test(
        "get the scheme that they are stored with",
        arguments: [
            ("example.com", "https://example.com"), (" example.com/a?b=c:d ", "https://example.com/a?b=c:d"),
            ("example.com:8080", "https://example.com:8080"), ("http://example.com", "http://example.com"),
            ("HTTP://example.com", "HTTP://example.com"), ("tel:+4722123456", "tel:+4722123456"), ("tel:22123456", "tel:22123456"),
            ("mailto:a@b.c", "mailto:a@b.c"), ("//example.com", "https:////example.com"), ("", ""), (" ", " "),
        ])
    func normal(text: String, expected: String) {
        #expect(WebAddress.normal(text) == expected)
        #expect(WebAddress.normal(WebAddress.normal(text)) == expected)
    }
}
