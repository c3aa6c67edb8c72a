package import QueryLanguage

/// What a change set did to one record.
package struct RecordChange: Sendable, Equatable {
    /// Full id of the type: `contacts.person`.
    package var recordType: String
    package var record: GUID
    /// The version that the change gave the record.
    package var version: Int64
    /// `create`, `update`, `delete`, `restore`, `purge`.
    package var action: String
    /// Columns and lists as they are stored: only what changed, and nothing for a new record.
    package var before: [String: Value]
    package var after: [String: Value]

    package var value: Value {
        .complex([
            "type": .string(recordType), "id": .guid(record), "version": .integer(version), "action": .string(action),
            "before": .complex(before), "after": .complex(after),
        ])
    }

    package init(
        recordType: String, record: GUID, version: Int64, action: String, before: [String: Value] = [:], after: [String: Value] = [:]
    ) {
        self.recordType = recordType
        self.record = record
        self.version = version
        self.action = action
        self.before = before
        self.after = after
    }

    /// Reads what `value` wrote, after its way through JSON.
    package init?(_ value: Value) {
        guard let type = value["type"]?.asText, let id = value["id"]?.asGUID, let version = value["version"]?.asInt,
            let action = value["action"]?.asText
        else { return nil }
        self.init(recordType: type, record: id, version: Int64(version), action: action)
        if case .complex(let members)? = value["before"] { before = members }
        if case .complex(let members)? = value["after"] { after = members }
    }
}
