package import QueryLanguage
import Records

/// What one write did to a record: who, when, by which way, and which properties it changed from what to what.
package struct HistoryEntry: Sendable, Equatable {
    package struct Change: Sendable, Equatable {
        /// As queries name it: `job_title`, `address/city`, `organisation_id`.
        package var property: String
        package var from: Value
        package var to: Value
    }

    /// The version that the write gave the record.
    package var version: Int64
    /// `create`, `update`, `delete`, `restore`, `purge`.
    package var action: String
    package var at: DateTime
    package var principal: GUID
    package var principalName: String?
    package var onBehalfOf: GUID?
    package var channel: String
    package var changeSet: GUID
    /// By property.
    package var changes: [Change]
}

// MARK: JSON

extension HistoryEntry {
    /// As the API and `--output json` show it.
    package var value: Value {
        .complex([
            "version": .integer(version), "action": .string(action), "at": .dateTime(at), "principal_id": .guid(principal),
            "principal": principalName.map(Value.string) ?? .null, "on_behalf_of": onBehalfOf.map(Value.guid) ?? .null,
            "channel": .string(channel), "change_set": .guid(changeSet),
            "changes": .collection(changes.map { .complex(["property": .string($0.property), "from": $0.from, "to": $0.to]) }),
        ])
    }

    /// Reads what `value` wrote, after its way through JSON.
    package init?(_ value: Value) {
        guard let version = value["version"]?.asInt, let action = value["action"]?.asText, let at = value["at"]?.asDateTime,
            let principal = value["principal_id"]?.asGUID, let channel = value["channel"]?.asText,
            let changeSet = value["change_set"]?.asGUID
        else { return nil }
        let changes = (value["changes"]?.items ?? []).compactMap { change -> Change? in
            change["property"]?.asText.map { Change(property: $0, from: change["from"] ?? .null, to: change["to"] ?? .null) }
        }
        self.init(
            version: Int64(version), action: action, at: at, principal: principal, principalName: value["principal"]?.asText,
            onBehalfOf: value["on_behalf_of"]?.asGUID, channel: channel, changeSet: changeSet, changes: changes)
    }
}
