import Foundation

/// Cards of our own, written as programs write theirs: what real address books prove where these are at hand is proven by them everywhere.
enum OwnCards {
    /// By the program whose manner it is.
    static let files: [(program: String, text: String)] = [
        ("android", android), ("iphone", iphone), ("outlook", outlook), ("web", web), ("standard", standard),
    ]

    private static let picture = Data([0xFF, 0xD8, 0xFF, 0xE0] + (0..<240).map { UInt8($0 % 241) }).base64EncodedString()

    /// Lines as they come, with the ends of lines that cards have.
    private static func card(_ text: String) -> String { text.replacingOccurrences(of: "\n", with: "\r\n") + "\r\n" }

    /// Base64 in lines, each with a blank in front.
    private static let folded = stride(from: 0, to: picture.count, by: 70).map { start in
        " " + picture.dropFirst(start).prefix(70)
    }.joined(separator: "\n")

    /// 2.1: quoted-printable, with lines that go on; types without a name.
    private static let android = card(
        """
        BEGIN:VCARD
        VERSION:2.1
        N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=98degaard;=C3=85se;;;
        FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=85se=20=C3=98degaard
        TEL;CELL;PREF:+4722222222
        TEL;HOME:+4722222223
        EMAIL;PREF:ase@fjord.example
        ORG;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Fjord =C3=A6rlig
        CATEGORIES:My Contacts
        NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Ring etter =
        klokken ni=C2=A0!
        END:VCARD
        BEGIN:VCARD
        VERSION:2.1
        EMAIL;PREF:nobody@fjord.example
        END:VCARD
        """)

    /// 3.0: grouped lines with labels, a picture in folded base64, a birthday without a year.
    private static let iphone = card(
        """
        BEGIN:VCARD
        VERSION:3.0
        N:Marsh;Tilda;Rose Ann;Dr.;Jr.
        FN:Dr. Tilda Rose Ann Marsh Jr.
        NICKNAME:Til
        ORG:Marsh & Reed;Research
        TITLE:Head of Research
        item1.EMAIL;type=INTERNET;type=pref:tilda@marsh.example
        item1.X-ABLabel:_$!<Other>!$_
        EMAIL;type=INTERNET;type=HOME:til@home.example
        TEL;type=CELL;type=VOICE;type=pref:+1 415-555-0123
        TEL;type=WORK;type=FAX:+1 415-555-0124
        item2.ADR;type=WORK;type=pref:;;1 Long Road\\nBuilding 6;Reading;CA;90000;USA
        item2.X-ABADR:us
        URL;type=WORK;type=pref:https://marsh.example
        BDAY;value=date:1604-02-29
        PHOTO;ENCODING=b;TYPE=JPEG:
        \(folded)
        END:VCARD
        """)

    /// 2.1 with fields of its own, and a picture between blank lines.
    private static let outlook = card(
        """
        BEGIN:VCARD
        VERSION:2.1
        N;LANGUAGE=en-us:Okafor;Ben;;Mr.;
        FN:Mr. Ben Okafor
        ORG:Okafor Ltd;Accounting
        TITLE:Accountant
        ROLE:Counting
        NOTE:Likes tea, and a quiet room;
        TEL;WORK;VOICE:+44 20 7946 0958
        ADR;WORK;PREF:;;2 Short Street;London;;N1 1AA;United Kingdom
        LABEL;WORK;PREF;ENCODING=QUOTED-PRINTABLE:2 Short Street=0D=0A=
        London
        URL;WORK:http://okafor.example
        BDAY:19800322
        X-MS-ANNIVERSARY:20110113
        X-MS-ASSISTANT:Jenny
        EMAIL;PREF;INTERNET:ben@okafor.example
        PHOTO;TYPE=JPEG;ENCODING=BASE64:
        \(folded)

        REV:20120305T131933Z
        END:VCARD
        """)

    /// 3.0 as short as it goes.
    private static let web = card(
        """
        BEGIN:VCARD
        VERSION:3.0
        FN:Carla Web
        N:Web;Carla;;;
        EMAIL;TYPE=INTERNET;TYPE=HOME:carla@web.example
        X-SOCIALPROFILE;type=linkedin:https://www.linkedin.com/in/carla
        END:VCARD
        """)

    /// 4.0, with what only that has.
    private static let standard = card(
        """
        BEGIN:VCARD
        VERSION:4.0
        FN:Simone Pelletier
        N:Pelletier;Simone;;;ing. jr,M.Sc.
        BDAY:--0203
        ANNIVERSARY:20090808T1430-0500
        GENDER:F
        LANG;PREF=1:fr
        ORG;TYPE=work:Atelier Nord
        TEL;VALUE=uri;TYPE="work,voice";PREF=1:tel:+1-418-656-9254;ext=102
        EMAIL;TYPE=work:simone@nord.example
        TZ:-0500
        URL;TYPE=home:http://nord.example
        PHOTO:data:image/jpeg;base64,\(picture)
        END:VCARD
        """)
}
