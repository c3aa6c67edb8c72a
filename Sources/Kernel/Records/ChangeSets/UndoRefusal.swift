package import QueryLanguage

/// A record that an undo left as it was, and why.
package struct UndoRefusal: Sendable, Hashable {
    package var recordType: String
    package var record: GUID
    /// `undo.changed_since`, `undo.linked`, `undo.purged`, `undo.type_gone`, or the code under which the store refused, such as `records.not_unique`.
    package var code: String
    package var reason: String

    package var value: Value {
        .complex(["type": .string(recordType), "id": .guid(record), "code": .string(code), "reason": .string(reason)])
    }

    package init(recordType: String, record: GUID, code: String, reason: String) {
        self.recordType = recordType
        self.record = record
        self.code = code
        self.reason = reason
    }

    package init?(_ value: Value) {
        guard let type = value["type"]?.asText, let id = value["id"]?.asGUID, let code = value["code"]?.asText,
            let reason = value["reason"]?.asText
        else { return nil }
        self.init(recordType: type, record: id, code: code, reason: reason)
    }
}
