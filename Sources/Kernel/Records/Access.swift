package import Permissions
package import QueryLanguage

/// Who acts, for whom, by which way in, because of what, and what they may do. Every call into the store takes one.
package struct Access: Sendable, Hashable {
    /// The way a call came in; kept with every change.
    package enum Channel: String, Sendable, Hashable {
        case api, importing = "import", commandLine = "cli", module, system
    }

    /// The principal that acts: a user, or the service principal of a client or module.
    package var principal: GUID
    /// The person that a service says it acts for: kept with what it does. It adds nothing to the service's rights, and takes nothing away.
    package var onBehalfOf: GUID?
    package var channel: Channel
    /// The events that led here, oldest first; empty for what a person starts.
    package var cause: [GUID]
    /// What the store lets this access do.
    package var rights: Rights
    /// Whether many records are changed by one request, which roles cover apart.
    package var changesMany = false

    /// The same for a request that changes many records.
    package var changingMany: Access {
        var access = self
        access.changesMany = true
        return access
    }

    /// - Parameter rights: left out, the administrator may do everything and everybody else nothing: whose rights weren't looked up has none.
    package init(principal: GUID, onBehalfOf: GUID? = nil, channel: Channel, cause: [GUID] = [], rights: Rights? = nil) {
        self.principal = principal
        self.onBehalfOf = onBehalfOf
        self.channel = channel
        self.cause = cause
        self.rights = rights ?? (principal == .administrator && onBehalfOf == nil ? .unlimited : .none)
    }
}
