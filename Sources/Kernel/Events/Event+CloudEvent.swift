package import QueryLanguage
import Records

extension Event {
    /// The event as a CloudEvent 1.0 in JSON: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md.
    ///
    /// Names of the attributes are the standard's: small letters and digits. `position` is text, since the standard's integers end at 2,147,483,647.
    ///
    /// - Parameter source: what the event comes from, a URI: `https://crm.example.org/api`.
    package func cloudEvent(source: String) -> Value {
        var members: [String: Value] = [
            "specversion": "1.0", "id": .guid(id), "source": .string(source), "type": .string(topic), "subject": .guid(record),
            "time": .dateTime(at), "datacontenttype": "application/json", "position": .string("\(position)"), "actor": .guid(principal),
            "channel": .string(channel), "changeset": .guid(changeSet), "correlation": .guid(cause.first ?? id),
            "data": .complex([
                "type": .string(recordType), "id": .guid(record), "version": .integer(version),
                "changed": .collection(changed.map(Value.string)), "old": .complex(old), "new": .complex(new),
            ]),
        ]
        if let onBehalfOf { members["onbehalfof"] = .guid(onBehalfOf) }
        if !cause.isEmpty { members["cause"] = .string(cause.map(\.description).joined(separator: " ")) }
        return .complex(members)
    }

    /// Reads what `cloudEvent` wrote, after its way through JSON.
    package init?(cloudEvent value: Value) {
        let data = value["data"] ?? .null
        guard let position = value["position"]?.asText.flatMap({ Int64($0) }), let id = value["id"]?.asGUID,
            let at = value["time"]?.asDateTime,
            let topic = value["type"]?.asText, let recordType = data["type"]?.asText, let record = data["id"]?.asGUID,
            let version = data["version"]?.asInt, let principal = value["actor"]?.asGUID, let channel = value["channel"]?.asText,
            let changeSet = value["changeset"]?.asGUID, case .complex(let old)? = data["old"], case .complex(let new)? = data["new"]
        else { return nil }
        let cause = (value["cause"]?.asText ?? "").split(separator: " ").compactMap { GUID(String($0)) }
        self.init(
            position: position, id: id, at: at, topic: topic, recordType: recordType, record: record, version: Int64(version), old: old,
            new: new, principal: principal, onBehalfOf: value["onbehalfof"]?.asGUID, channel: channel, changeSet: changeSet, cause: cause)
    }
}
