package import QueryLanguage

/// A change set as lists show it.
package struct ChangeSetEntry: Sendable, Equatable {
    package enum State: String, Sendable {
        case running, done, undone
        case partlyUndone = "partly_undone"
    }

    /// Changes of one record type.
    package struct Count: Sendable, Hashable {
        /// Full id of the type: `contacts.person`.
        package var recordType: String
        package var created = 0
        package var updated = 0
        package var deleted = 0
        package var restored = 0
        package var purged = 0
    }

    package var id: GUID
    package var label: String
    package var state: State
    package var principal: GUID
    package var principalName: String
    package var channel: String
    package var createdAt: DateTime
    package var finishedAt: DateTime?
    package var runsAutomation: Bool
    /// The change set that this one takes back.
    package var undoes: GUID?
    /// By record type.
    package var counts: [Count]
    /// What an undo left as it was: the first thousand.
    package var refused: [UndoRefusal]
    package var refusedCount: Int

    package var total: Int { counts.reduce(0) { $0 + $1.created + $1.updated + $1.deleted + $1.restored + $1.purged } }
}

// MARK: JSON

extension ChangeSetEntry {
    /// As the API and `--output json` show it.
    package var value: Value {
        var members: [String: Value] = [
            "id": .guid(id), "label": .string(label), "state": .string(state.rawValue), "principal_id": .guid(principal),
            "principal": .string(principalName), "channel": .string(channel), "created_at": .dateTime(createdAt),
            "finished_at": finishedAt.map(Value.dateTime) ?? .null, "automation": .bool(runsAutomation),
            "undoes": undoes.map(Value.guid) ?? .null, "counts": .collection(counts.map(\.value)),
        ]
        if undoes != nil {
            members["refused_count"] = .integer(Int64(refusedCount))
            members["refused"] = .collection(refused.map(\.value))
        }
        return .complex(members)
    }

    /// Reads what `value` wrote, after its way through JSON.
    package init?(_ value: Value) {
        guard let id = value["id"]?.asGUID, let label = value["label"]?.asText,
            let state = value["state"]?.asText.flatMap(State.init(rawValue:)), let principal = value["principal_id"]?.asGUID,
            let name = value["principal"]?.asText, let channel = value["channel"]?.asText, let created = value["created_at"]?.asDateTime
        else { return nil }
        self.init(
            id: id, label: label, state: state, principal: principal, principalName: name, channel: channel, createdAt: created,
            finishedAt: value["finished_at"]?.asDateTime, runsAutomation: value["automation"] != .bool(false),
            undoes: value["undoes"]?.asGUID, counts: value["counts"]?.items.compactMap(Count.init) ?? [],
            refused: value["refused"]?.items.compactMap(UndoRefusal.init) ?? [], refusedCount: value["refused_count"]?.asInt ?? 0)
    }
}

extension ChangeSetEntry.Count {
    private static let names = ["created", "updated", "deleted", "restored", "purged"]

    private subscript(name: String) -> Int {
        get {
            switch name {
            case "created": created
            case "updated": updated
            case "deleted": deleted
            case "restored": restored
            default: purged
            }
        }
        set {
            switch name {
            case "created": created = newValue
            case "updated": updated = newValue
            case "deleted": deleted = newValue
            case "restored": restored = newValue
            default: purged = newValue
            }
        }
    }

    package var value: Value {
        var members: [String: Value] = ["type": .string(recordType)]
        for name in Self.names where self[name] > 0 || !["restored", "purged"].contains(name) {
            members[name] = .integer(Int64(self[name]))
        }
        return .complex(members)
    }

    package init?(_ value: Value) {
        guard let type = value["type"]?.asText else { return nil }
        self.init(recordType: type)
        for name in Self.names { self[name] = value[name]?.asInt ?? 0 }
    }

    /// Adds changes by the action they are stored under: `create`, `update`, …
    mutating func add(_ count: Int, action: String) { self["\(action)d"] += count }
}
