import Manifests
import QueryLanguage

/// A role that administrators keep over the API: its key, and what stands behind the key in a manifest, as JSON, which is YAML too.
package struct RoleDefinition: Sendable, Hashable {
    package var id: String
    /// `{"label": "Intern", "grants": {"contacts.person": {"read": "team"}}}`
    package var text: String

    package init(id: String, text: String) {
        self.id = id
        self.text = text
    }

    /// Whether a role can be called this: as a key of a manifest, and not as the platform's own role.
    package static func isID(_ text: String) -> Bool {
        guard (1...40).contains(text.utf8.count), let first = text.utf8.first, UInt8(ascii: "a")...UInt8(ascii: "z") ~= first else {
            return false
        }
        return text != "administrator"
            && text.utf8.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "_")
            }
    }
}

extension Catalog {
    /// Reads a role with the parser and the checker of manifests, against the types there are.
    ///
    /// What is wrong in it never widens what its holders may do: see `RoleChecker.kept`. A definition that can't be read at all closes every type
    /// to them, because nobody knows any more what it kept out.
    ///
    /// - Returns: the role as it holds, and what is wrong with it.
    package func role(_ definition: RoleDefinition) -> (role: Role, problems: [String]) {
        let text = "{\"overlay\": {\"roles\": {\"\(definition.id)\": \(definition.text)}}}"
        let parsed = Overlay.parse(ManifestSource(path: definition.id, text: text))
        var checker = RoleChecker(catalog: self, everybody: demands)
        guard parsed.isValid, let declaration = parsed.manifest?.roles.first else {
            let role = Role(
                id: definition.id, label: definition.id, grants: types.compactMap { checker.closed($0.id) }, origin: .api)
            return (role, parsed.diagnostics.map(Self.told))
        }
        let role = checker.kept(declaration)
        return (role, checker.diagnostics.map(Self.told))
    }

    private static func told(_ problem: Diagnostic) -> String {
        problem.message + (problem.suggestion.map { "; did you mean '\($0)'?" } ?? "")
    }
}
