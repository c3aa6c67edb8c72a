import TesseraKit
import Testing

@Suite("Writing an organisation")
struct OrganisationTests {
    @Test(
        "takes the domain from the website",
        arguments: [
            ("https://www.Example.com/about?x=1#y", "example.com"), ("http://example.co.uk", "example.co.uk"),
            ("www.example.com", "example.com"),
            ("Example.COM.", "example.com"), (" https://user:pw@shop.example.com:8080/ ", "shop.example.com"),
            ("example.com:443", "example.com"),
            ("//example.com", "example.com"), ("https://xn--bcher-kva.example", "xn--bcher-kva.example"), ("https://www.com", nil),
            ("https://bücher.example", nil), ("https://192.168.0.1/", nil), ("https://[::1]/", nil), ("localhost", nil), ("https://", nil),
            ("", nil),
            ("https://-a.example.com", nil), ("https://a..example.com", nil), ("n/a", nil), ("example.com/https://b.org", "example.com"),
            ("a@b.org", nil), ("https://exa mple.com", nil), ("mailto:a@b.org", nil),
        ] as [(String, String?)])
    func domain(website: String, domain: String?) async throws {
        let patch = try await ContactsFixture().patch("contacts.organisation", ["website": .text(website), "domain": nil])
        #expect(patch == (domain.map { ["domain": .text($0)] } ?? [:]))
    }

    @Test("keeps a domain that somebody gave")
    func givenDomain() async throws {
        let patch = try await ContactsFixture().patch("contacts.organisation", ["website": "https://a.example", "domain": "b.example"])
        #expect(patch == [:])
    }

    @Test("writes a given domain in lower case")
    func givenDomainInCapitals() async throws {
        #expect(try await ContactsFixture().patch("contacts.organisation", ["domain": " B.Example "]) == ["domain": "b.example"])
    }

    @Test("lower-cases the domains of its mail addresses")
    func emails() async throws {
        let patch = try await ContactsFixture().patch(
            "contacts.organisation", ["emails": [["address": "Info@EXAMPLE.com\t"], ["address": "no address"], ["address": "a@b@C.org"]]])
        #expect(patch == ["emails": [["address": "Info@example.com"], ["address": "no address"], ["address": "a@b@c.org"]]])
    }

    @Test("takes no label that is longer than 63 characters, no name that is longer than 253")
    func longDomains() async throws {
        let label = String(repeating: "a", count: 63)
        let fixture = try ContactsFixture()
        #expect(try await fixture.patch("contacts.organisation", ["website": .text(label + ".org")]) == ["domain": .text(label + ".org")])
        #expect(try await fixture.patch("contacts.organisation", ["website": .text(label + "a.org")]) == [:])
        let name = Array(repeating: label, count: 4).joined(separator: ".")
        #expect(try await fixture.patch("contacts.organisation", ["website": .text(name)]) == [:])
    }
}
