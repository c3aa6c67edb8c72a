import Manifests
import Testing

@Suite("Import mappings")
struct ImportMappingTests {
    @Test("are read back from their own text, whatever the headers hold")
    func roundTrip() throws {
        let mapping = ImportMapping(
            collection: "people", match: ["primary_email"],
            columns: [
                .init(header: "Last \"name\"", target: "last_name"), .init(header: "a: b # c\n\t\\", target: "address/city"),
                .init(header: "no", target: "birthday", format: "d.m.y"), .init(header: "fee", target: "fee", currency: "EUR"),
            ])
        let parsed = ImportMapping.parse(ManifestSource(path: "m.yaml", text: mapping.yaml))
        #expect(parsed.diagnostics == [])
        #expect(parsed.manifest == mapping)
    }

    @Test("are refused with place and suggestion")
    func refusal() {
        let parsed = ImportMapping.parse(
            ManifestSource(path: "m.yaml", text: "import: 1\ncollection: people\ncolumns:\n  - { headers: a, to: b }\n"))
        #expect(
            parsed.diagnostics.map(\.description) == [
                "m.yaml:4:5: error: columns[0]: the key 'header' is missing",
                "m.yaml:4:7: error: columns[0].headers: the key 'headers' is not known here (did you mean header?)",
            ])
    }
}
