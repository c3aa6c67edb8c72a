import Catalog
import QueryLanguage

/// What a tracked list asks for, and what the manifests make of it: which choices belong to the categories that it may name.
package struct ListForm: Sendable, Hashable {
    /// Of the list.
    var list: String
    /// Of the types that show in it.
    var categories: String

    package init(list: String, categories: String) {
        self.list = list
        self.categories = categories
    }

    init(list: String, of types: [RecordType]) {
        self.list = Self.digest(list)
        let categories = types.flatMap { type in
            type.fields.flatMap { field in
                field.choices.compactMap { choice in choice.category.map { "\(type.id).\(field.key).\(choice.key) \($0)" } }
            }
        }
        self.categories = Self.digest(categories.joined(separator: "\n"))
    }

    var text: String { "\(list).\(categories)" }

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        (list, categories) = (String(parts[0]), String(parts[1]))
    }

    private static func digest(_ text: String) -> String { String(PageToken.fingerprint(of: [], query: text), radix: 16) }
}

extension Field {
    fileprivate var choices: [Choice] {
        switch type {
        case .choice(let choices), .multiChoice(let choices): choices
        default: []
        }
    }
}
