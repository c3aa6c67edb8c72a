import Catalog
import Manifests

/// The YAML front: module manifests, deployments, overlays and lock files, and what is composed of them.
struct ManifestFront: Front {
    static let name = "manifests"
    static let longestInput = 64 << 10
    static let dictionary = [
        "manifest: 1\n", "deployment: 1\n", "lock: 1\n", "id: ", "version: ", "name: ", "modules: ", "types:\n", "fields:\n", "type: ",
        "text", "long_text", "integer",
        "decimal", "money", "boolean", "date", "date_time", "duration", "choice", "multi_choice", "emails", "phones", "url", "address",
        "tags", "link", "links",
        "link_any", "user", "file", "json", "auto_number", "required: true", "unique: true", "default: ", "pattern: \"[a-z]+\"",
        "range: { min: 0, max: 1 }",
        "length: { max: 200 }", "choices: { a: { label: A } }", "target: ", "inverse: ", "collection: ", "label: ", "label_plural: ",
        "display: ", "rules:\n",
        "check: ", "message: ", "indexes:\n", "views:\n", "roles:\n", "events:\n", "settings:\n", "extends:\n", "overlay:\n", "requires:\n",
        "platform: \">=0.1 <1.0\"",
        "run: { mode: library, library: X }", "retire: ", "required_when: ", "read_only_when: ", "currency: USD", "time_zone: ", "filter: ",
        "orderby: ", "columns: ",
        "{", "}", "[", "]", ": ", ", ", "- ", "\n", "\n  ", "\n    ", "\"", "'", "|\n", ">\n", "&a ", "*a", "!!str ", "!x ", "<<: ", "? ",
        " #", "%YAML 1.2\n", "---\n", "...\n",
        "\t", "~", "null", "yes", "0x1f", "0o7", "1_000", "12:30:45", "2024-02-30", ".inf", "first_name", "contacts.person", "\\u0000",
        "\\xff", "\u{2028}", "\u{FEFF}",
        "(a|b)*c", "[^a-z", "(?i)", "{1,99999}", ".*.*.*.*", "\\p{L}", "^$", ">=1 <2 || 3", "1.0.0-rc.1+x",
    ]

    private static let deployment =
        "deployment: 1\nname: d\nmodules: { contacts: {} }\noverlay: { extends: { contacts.person: { fields: { tier: { type: integer } } } } }\n"

    func run(_ input: [UInt8]) -> Outcome {
        let source = ManifestSource(path: "f.yaml", bytes: input)
        let found =
            ModuleManifest.parse(source).diagnostics + DeploymentManifest.parse(source).diagnostics + Overlay.parse(source).diagnostics
            + ManifestLock.parse(source).diagnostics
        var finding: String?
        for diagnostic in found {
            if diagnostic.location.line < 1 || diagnostic.location.column < 1 || diagnostic.location.file != "f.yaml" {
                finding = "a finding without a place: \(diagnostic.code)"
            }
            if diagnostic.message.isEmpty { finding = "a finding without words: \(diagnostic.code)" }
        }
        let text = String(decoding: input, as: UTF8.self)
        let asModule = compose(["d.yaml": Self.deployment, "manifests/contacts.yaml": text], &finding)
        let asDeployment = compose(["d.yaml": text], &finding)
        let first = found.first.map { "\($0.code) \($0.message.withoutDetails)" } ?? "accepted"
        return Outcome("\(first) | \(asModule) | \(asDeployment)", finding: finding)
    }

    private func compose(_ files: [String: String], _ finding: inout String?) -> String {
        let result = Composer(files: .memory(files)).compose("d.yaml")
        guard let composition = result.composition else {
            if result.diagnostics.isEmpty { finding = "neither a composition nor a reason" }
            _ = result.partial.map(Catalog.conditionFindings)
            return result.diagnostics.first.map { "\($0.code) \($0.message.withoutDetails)" } ?? ""
        }
        do {
            return "\(try Catalog(composition: composition).types.count) types"
        } catch {
            if error.diagnostics.isEmpty { finding = "no catalog and no reason" }
            return error.diagnostics.first.map { "\($0.code) \($0.message.withoutDetails)" } ?? ""
        }
    }
}
