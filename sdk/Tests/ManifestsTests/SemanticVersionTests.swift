import Manifests
import Testing

@Suite("Semantic versions") struct SemanticVersionTests {
    @Test("orders versions by precedence")
    func order() {
        let texts = [
            "0.0.1", "0.1.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0-0", "2.0.0",
        ]
        let versions = texts.compactMap { SemanticVersion($0) }
        #expect(versions.map(\.description) == texts)
        #expect(versions.reversed().sorted() == versions)
    }

    @Test(
        "reads what the standard allows",
        arguments: ["1.0.0+build.001", "1.0.0-rc.1+5", "1.0.0--", "1.0.0-x-y.z", "0.0.0", "999999999.0.0"])
    func valid(text: String) {
        #expect(SemanticVersion(text)?.description == text)
    }

    @Test(
        "refuses what the standard forbids",
        arguments: [
            "", "1", "1.0", "1.0.0.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "1.0.0-a..b", "-1.0.0", "1.0.0 ", "1.0.é",
            "1000000000.0.0",
        ]
    )
    func invalid(text: String) {
        #expect(SemanticVersion(text) == nil)
    }

    @Test("ignores build metadata when comparing")
    func build() throws {
        let one = try #require(SemanticVersion("1.0.0+a"))
        let other = try #require(SemanticVersion("1.0.0+b"))
        #expect(one == other)
        #expect(Set([one, other]).count == 1)
    }

    @Test(
        "ranges contain what they name and nothing else",
        arguments: [
            (">=0.1 <1.0", ["0.1.0", "0.9.9"], ["0.0.9", "1.0.0", "1.0.0-rc.1", "0.2.0-beta"]),
            ("^1.2", ["1.2.0", "1.9.3"], ["1.1.9", "2.0.0", "2.0.0-rc.1"]),
            ("^0.2", ["0.2.0", "0.2.7"], ["0.3.0", "0.1.0"]),
            ("^0.0.3", ["0.0.3"], ["0.0.4", "0.0.2"]),
            ("^0", ["0.0.0", "0.9.0"], ["1.0.0"]),
            ("~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0", "1.2.2"]),
            ("~1", ["1.0.0", "1.9.0"], ["2.0.0"]),
            ("1.x", ["1.0.0", "1.5.2"], ["2.0.0", "0.9.0"]),
            ("1.2.*", ["1.2.0", "1.2.9"], ["1.3.0"]),
            ("1.2", ["1.2.0", "1.2.9"], ["1.3.0", "1.1.0"]),
            ("1.2.3", ["1.2.3"], ["1.2.4"]),
            ("=1.2.3", ["1.2.3"], ["1.2.4"]),
            ("*", ["0.0.1", "99.0.0"], ["1.0.0-rc.1"]),
            ("<1 || >=2.1", ["0.9.0", "2.1.0"], ["1.0.0", "2.0.9"]),
            (">=1.0.0-rc.1", ["1.0.0-rc.1", "1.0.0-rc.2", "1.0.0", "2.0.0"], ["1.0.0-beta", "1.1.0-rc.1"]),
            (">1.0 <=1.2", ["1.0.1", "1.2.0"], ["1.0.0", "1.2.1"]),
        ] as [(String, [String], [String])]
    )
    func ranges(text: String, inside: [String], outside: [String]) throws {
        let range = try #require(VersionRange(text))
        for version in inside { #expect(range.contains(try #require(SemanticVersion(version))), "\(text) should contain \(version)") }
        for version in outside { #expect(!range.contains(try #require(SemanticVersion(version))), "\(text) should not contain \(version)") }
    }

    @Test(
        "refuses malformed ranges", arguments: ["", " ", "1.2.3.4", ">= 1.0", "^", "^*", ">=1.x", "1 |", "|| 1", "1.x.2", "=>1", "a", "01"])
    func malformed(text: String) {
        #expect(VersionRange(text) == nil)
    }
}
