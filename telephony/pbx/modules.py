"""The modules of Asterisk that the platform uses, and the events that it does not."""

from __future__ import annotations

from pathlib import Path

from telephony.pbx.errors import ProgramMissing

MODULES = (
    *("res_timing_timerfd", "res_crypto", "res_pjproject", "res_sorcery_config", "res_sorcery_memory"),
    *("res_sorcery_astdb", "res_statsd", "res_musiconhold", "res_srtp", "res_http_websocket", "res_rtp_asterisk"),
    *("res_pjsip", "res_pjsip_session", "res_pjsip_pubsub", "res_pjsip_sdp_rtp", "res_pjsip_registrar"),
    *(
        "res_pjsip_authenticator_digest",
        "res_pjsip_outbound_authenticator_digest",
        "res_pjsip_endpoint_identifier_ip",
        "res_pjsip_endpoint_identifier_user",
    ),
    *("res_pjsip_caller_id", "res_pjsip_dtmf_info", "res_pjsip_diversion", "res_pjsip_header_funcs"),
    *("res_pjsip_nat", "res_pjsip_path", "res_pjsip_refer", "res_pjsip_rfc3326", "res_pjsip_acl"),
    *("res_pjsip_transport_websocket", "res_pjsip_logger", "res_pjsip_maintenance"),
    *("res_pjsip_notify", "res_mutestream"),
    *("res_pjsip_empty_info", "res_pjsip_dlg_options", "chan_pjsip", "func_pjsip_endpoint", "func_pjsip_contact"),
    *("func_pjsip_aor", "bridge_simple", "bridge_native_rtp", "bridge_softmix", "bridge_holding"),
    *("bridge_builtin_features", "bridge_builtin_interval_features", "codec_ulaw", "codec_alaw", "codec_a_mu"),
    *("codec_resample", "format_wav", "format_pcm", "format_sln", "pbx_config", "app_dial", "app_queue"),
    *(
        "app_mixmonitor",
        "app_senddtmf",
        "app_chanspy",
        "app_bridgeaddchan",
        "app_softhangup",
        "app_playback",
        "app_read",
        "app_exec",
        "app_verbose",
        "app_stack",
        "app_userevent",
    ),
    *("app_originate", "func_callerid", "func_channel", "func_cdr", "func_strings", "func_logic", "func_global"),
    *("func_hangupcause", "func_math", "func_timeout", "func_dialplan", "func_cut", "func_devstate", "func_db"),
    "cdr_custom",
)
_HELPERS = ("res_cdrel_custom",)
"""What some of the above need in newer versions and what older ones do not have."""
CAPTION_MODULES = ("res_websocket_client", "chan_websocket")
"""What sends the sound of calls to the live captions; an older Asterisk does without them, and so without captions."""

IGNORED_EVENTS = (
    *("TestEvent", "RTCPSent", "RTCPReceived", "VarSet", "Newexten", "NewConnectedLine"),
    *("MusicOnHoldStart", "MusicOnHoldStop", "ChannelTalkingStart", "ChannelTalkingStop"),
)
"""Events that nothing in the platform reads; Asterisk does not even send them."""


def modules_in(folder: Path) -> tuple[str, ...]:
    """What to load from this Asterisk's modules. Raises ProgramMissing naming those that it does not have."""
    missing = [name for name in MODULES if not (folder / f"{name}.so").exists()]
    if missing:
        raise ProgramMissing(
            f"This Asterisk lacks the modules {', '.join(missing)}.",
            next_step="Install the package asterisk-modules of the same version.",
        )
    helpers = [name for name in _HELPERS if (folder / f"{name}.so").exists()]
    captions = CAPTION_MODULES if can_caption(folder) else ()
    return (*helpers, *MODULES, *captions)


def can_caption(folder: Path) -> bool:
    """Whether this Asterisk can send the sound of calls to the live captions."""
    return all((folder / f"{name}.so").exists() for name in CAPTION_MODULES)
