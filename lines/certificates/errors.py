"""Why a secured OPC UA connection is not made, and which certificate runs out. The detail names the very one."""

from lines.errors import Code

OWN_MISSING = Code(
    "MES-L-0801",
    0,
    "The gateway has no certificate or private key of its own, or cannot read them.",
    "ゲートウェイ自身の証明書または秘密鍵がないか、読み取れません。",
    "Run `manage.py opcua_certificate` on the gateway's machine, then add the certificate to the server's trust list.",
    "ゲートウェイで `manage.py opcua_certificate` を実行し、証明書をサーバーの信頼リストに追加してください。",
)
OWN_EXPIRED = Code(
    "MES-L-0802",
    0,
    "The gateway's own certificate is not valid now.",
    "ゲートウェイ自身の証明書が有効期間外です。",
    "Check the machine's clock; run `manage.py opcua_certificate --renew` and let the servers trust the new one.",
    "機器の時計を確認し、`manage.py opcua_certificate --renew` で更新して各サーバーに信頼させてください。",
)
FILE_NOT_PRIVATE = Code(
    "MES-L-0803",
    0,
    "A file with a private key or password can be read by others.",
    "秘密鍵またはパスワードのファイルを他の利用者が読み取れます。",
    "Give it mode 0600 and the gateway's user as owner; change a password that others may have read.",
    "権限を 0600、所有者をゲートウェイの利用者にし、読まれた恐れのあるパスワードは変更してください。",
)
POLICY_NOT_OFFERED = Code(
    "MES-L-0804",
    0,
    "The server does not offer the security policy of the plant data with SignAndEncrypt.",
    "サーバーは工場データのセキュリティポリシーを SignAndEncrypt で提供していません。",
    "Switch it on in the server, or name a policy in the plant data that it offers.",
    "サーバーで有効にするか、サーバーが提供するポリシーを工場データに設定してください。",
)
UNTRUSTED = Code(
    "MES-L-0805",
    0,
    "The server's certificate is not in the trust list.",
    "サーバーの証明書が信頼リストにありません。",
    "Compare the fingerprint at the server, then run `manage.py opcua_trust` with its address.",
    "サーバー側でフィンガープリントを照合し、そのアドレスで `manage.py opcua_trust` を実行してください。",
)
CHANGED = Code(
    "MES-L-0806",
    0,
    "The server shows another certificate than the one that is trusted for it.",
    "サーバーの証明書が、信頼済みの証明書と異なります。",
    "Find out who changed it; if it is right, run `manage.py opcua_trust` and delete the old one from pki/trusted.",
    "変更の理由を確認し、正しければ `manage.py opcua_trust` を実行して pki/trusted の旧証明書を削除してください。",
)
REVOKED = Code(
    "MES-L-0807",
    0,
    "The server's certificate was revoked by its issuer.",
    "サーバーの証明書は発行者により失効しています。",
    "Have a new certificate issued for the server and installed there.",
    "サーバーに新しい証明書を発行し、導入してください。",
)
EXPIRED = Code(
    "MES-L-0808",
    0,
    "The server's certificate is not valid now.",
    "サーバーの証明書が有効期間外です。",
    "Check both clocks; renew the certificate at the server and trust the new one.",
    "双方の時計を確認し、サーバーの証明書を更新して新しい証明書を信頼させてください。",
)
WRONG_URI = Code(
    "MES-L-0809",
    0,
    "The server's certificate names another application than the server says it is.",
    "サーバーの証明書のアプリケーション URI が、サーバーの申告と一致しません。",
    "Make the server's certificate anew with its application URI; it often changed with the server's name.",
    "サーバーのアプリケーション URI で証明書を作り直してください。サーバー名の変更が原因のことがよくあります。",
)
WRONG_HOST = Code(
    "MES-L-0810",
    0,
    "The server's certificate was issued for another host than the plant data name.",
    "サーバーの証明書は、工場データのホストとは別のホストに発行されています。",
    "Use a name of the certificate in endpoint_url, or have one issued with the right name.",
    "endpoint_url に証明書の名前を使うか、正しい名前で証明書を発行してください。",
)
UNFIT = Code(
    "MES-L-0811",
    0,
    "The server's certificate cannot be used: unreadable, a weak key, or not meant for servers.",
    "サーバーの証明書を使用できません（読み取り不可、鍵長不足、またはサーバー用ではありません）。",
    "Make a new one at the server: RSA of 2048 to 4096 bits, SHA-256, for server authentication.",
    "サーバーで作り直してください（RSA 2048〜4096 ビット、SHA-256、サーバー認証用）。",
)
LOGIN_NOT_OFFERED = Code(
    "MES-L-0812",
    0,
    "The server does not take the kind of login that the plant data name.",
    "サーバーは工場データのログイン方式に対応していません。",
    "Switch it on in the server, or correct `authentication` in the plant data.",
    "サーバーで有効にするか、工場データの `authentication` を修正してください。",
)
LOGIN_MISSING = Code(
    "MES-L-0813",
    0,
    "The password or login certificate for a server is missing or cannot be read.",
    "サーバーへのログインに使うパスワードまたは証明書がないか、読み取れません。",
    "Put it where `detail` says, with mode 0600; docs/opcua-security.md shows how.",
    "`detail` の場所に権限 0600 で置いてください。手順は docs/opcua-security.md にあります。",
)
USER_REFUSED = Code(
    "MES-L-0814",
    0,
    "The server refused the gateway's user.",
    "サーバーがゲートウェイの利用者を拒否しました。",
    "Check user name, password or login certificate at the server, and that the account is not locked.",
    "サーバーで利用者名、パスワードまたはログイン証明書と、アカウントのロックを確認してください。",
)
OWN_REFUSED = Code(
    "MES-L-0815",
    0,
    "The server refused the gateway's certificate.",
    "サーバーがゲートウェイの証明書を拒否しました。",
    "Add pki/own/certificate.der to the server's trust list (often: move it out of `rejected`); compare the clocks.",
    "pki/own/certificate.der をサーバーの信頼リストに追加し（`rejected` から移すことが多い）、時計も確認してください。",
)
LOGIN_IN_CLEAR = Code(
    "MES-L-0816",
    0,
    "A login over a connection without encryption is not made.",
    "暗号化されていない接続ではログインしません。",
    "Set security_policy in the plant data, or authentication to ANONYMOUS.",
    "工場データで security_policy を設定するか、authentication を ANONYMOUS にしてください。",
)
EXPIRES = Code(
    "MES-L-0817",
    0,
    "A certificate of an OPC UA connection expires within 30 days.",
    "OPC UA 接続の証明書が30日以内に期限切れになります。",
    "Renew it before that day, and let the other side trust the new one; docs/opcua-security.md shows how.",
    "期限前に更新し、相手側に新しい証明書を信頼させてください。手順は docs/opcua-security.md にあります。",
)
NOT_THE_KEY = Code(
    "MES-L-0818",
    0,
    "What answers cannot prove that the trusted certificate is its own.",
    "接続先は、信頼済みの証明書の所有者であることを証明できません。",
    "Somebody may stand between: look at the network and the address before anything else.",
    "中間者の恐れがあります。まずネットワークとアドレスを確認してください。",
)

CODES: list[Code] = [value for value in list(globals().values()) if isinstance(value, Code)]
