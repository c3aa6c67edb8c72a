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
                .init(header: "at", target: "at", zone: "Europe/Oslo"), .init(header: "phones", target: "phones", replaces: true),
            ])
        let parsed = ImportMapping.parse(ManifestSource(path: "m.yaml", text: mapping.yaml))
        #expect(parsed.diagnostics == [])
        #expect(parsed.manifest == mapping)
    }

    @Test("name the formats to choose from, where one has to be chosen")
    func candidates() {
        let mapping = ImportMapping(
            collection: "people",
            columns: [
                .init(header: "Born", target: "birthday"), .init(header: "Fee", target: "fee", format: "1.234,5"),
                .init(header: "Name", target: "last_name"),
            ])
        let yaml = mapping.yaml(candidates: ["Born": ["d/M/yyyy", "M/d/yyyy"], "Fee": ["1,234.5"]])
        #expect(
            yaml.hasSuffix(
                """
                columns:
                  # It can't be told how this column is written. Add one: format: "d/M/yyyy" or format: "M/d/yyyy"
                  - { header: "Born", to: "birthday" }
                  - { header: "Fee", to: "fee", format: "1.234,5" }
                  - { header: "Name", to: "last_name" }

                """))
        #expect(ImportMapping.parse(ManifestSource(path: "m.yaml", text: yaml)).manifest == mapping)
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
