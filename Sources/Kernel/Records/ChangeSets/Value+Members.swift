package import QueryLanguage

/// Taking JSON apart that Tessera wrote itself.
extension Value {
    package subscript(_ member: String) -> Value? {
        if case .complex(let members) = self { members[member] } else { nil }
    }

    package var items: [Value] { if case .collection(let items) = self { items } else { [] } }

    package var asText: String? { if case .string(let text) = self { text } else { nil } }

    package var asInt: Int? { if case .integer(let number) = self { Int(number) } else { nil } }

    package var asBool: Bool? { if case .bool(let flag) = self { flag } else { nil } }

    package var asGUID: GUID? {
        switch self {
        case .guid(let id): id
        case .string(let text): GUID(text)
        default: nil
        }
    }

    package var asDateTime: DateTime? {
        switch self {
        case .dateTime(let moment): moment
        case .string(let text): DateTime(text)
        default: nil
        }
    }
}
