"""The closed vocabulary of the demo model and the sentences it expects: slots, templates, and the demo's dialogues.

Words stand apart by spaces. Whoever adds words rebuilds the graph (`make_model.sh graph`); the acoustic model knows
phones, not words, and stays as it is as long as no new phone appears.
"""

import pathlib
import random

import yaml

DIALOGUES = pathlib.Path(__file__).resolve().parents[3] / "configs" / "demo" / "dialogues.yaml"

SLOTS = {
    "TOPIC": "停车 物业 漏水 供暖 噪音 垃圾 违法建设 施工 路灯 井盖 社保 占道经营 违章停车 乱停车 私搭乱建 油烟 下水道 停水 停电 停气 电梯 绿化 积水 广告牌 共享单车 充电桩 加装电梯 老旧小区 拆迁 医保 养老 低保 公租房 户口 居住证 公交 路面 树木 消防通道 环境卫生 宠物 扰民 暖气 房屋 燃气 供水 用电 污水 扬尘 健身器材 厕所 流浪狗 小广告",
    "STREET": "前门街道 建国门街道 东花市街道 崇文门外街道 天坛街道 龙潭街道 永定门外街道 体育馆路街道 东直门街道 和平里街道 安定门街道 交道口街道 景山街道 东华门街道 东四街道 朝阳门街道 北新桥街道",
    "PLACE": "小区 胡同 广场 地铁站 公园 学校 医院 市场 路口 大街 社区 居委会 派出所 停车场 饭店 工地 楼道 门口 马路 便道",
    "ROAD": "东单大街 王府井大街 珠市口东大街 广渠门内大街 幸福大街 南锣鼓巷 崇文门外大街 鼓楼东大街 安定门内大街 白桥大街 光明路 体育馆路 法华寺街 金鱼池中区 史家胡同 国子监街 夕照寺街 兴化路 西总布胡同 黄化门街 草厂三条 新中街",
    "DIGIT": "零 一 二 三 四 五 六 七 八 九 幺",
    "D19": "一 二 三 四 五 六 七 八 九",
    "MONTH": "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月",
    "DAY": "一号 二号 三号 四号 五号 六号 七号 八号 九号 十号 十一号 十二号 十三号 十四号 十五号 十六号 十七号 十八号 十九号 二十号 二十一号 二十二号 二十三号 二十四号 二十五号 二十六号 二十七号 二十八号 二十九号 三十号 三十一号",
    "NUM": "一 两 三 四 五 六 七 八 九 十 二十 三十 五十 一百",
    "NAMES": "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 马 朱 胡 林 郭 何 高 罗",
    "TITLE": "先生 女士",
    "WHEN": "今天 昨天 明天 前天 上午 下午 晚上 早上 夜里 中午 周末 上周 这周 最近 刚才 现在 一直",
    "DEPT": "城管 街道办 物业公司 居委会 派出所 交管局 住建委 环卫 房管所 热力公司 自来水公司 燃气公司 市政 社区 有关部门 相关部门 承办单位",
    "BAN": "不知道 不清楚 不归我管 没办法 管不了 不可能 随便 你去找别人 别问我 爱打不打 我不管 没时间 你急什么 不是跟你说了吗 有完没完 跟我没关系 自己想办法 打错了 听不懂 别废话",
    "EMO": "着急 生气 满意 不满意 麻烦 严重 危险 影响",
}

TEMPLATES = """
您好 东城区 九 六 零 一 零 为民 服务 热线 请问 有什么 可以 帮您
您好 东城区 九 六 零 一 零 为民 服务 热线
您好 这里是 东城区 为民 服务 热线 请问 有什么 可以 帮您
您好 {DIGIT} {DIGIT} {DIGIT} 号 话务员 为您 服务 请问 有什么 可以 帮您
您好 请问 有什么 可以 帮您
您好 很 高兴 为您 服务
请问 您 贵姓
请问 怎么 称呼 您
我 姓 {NAMES}
{NAMES} {TITLE} 您好
好的 {NAMES} {TITLE} 请稍等
请稍等 我 帮您 查询 一下
请您 稍等 我 为您 记录 一下
感谢 您的 来电 再见
感谢 您的 来电 祝您 生活 愉快 再见
感谢 您 对 我们 工作 的 支持 再见
请问 您 还有 其他 问题 吗
请问 还有 什么 可以 帮您 的 吗
没有 了 谢谢 再见
好的 谢谢 您
不 客气 再见
不好意思 让您 久等 了
对不起 给您 带来 不便
非常 抱歉 给您 添 麻烦 了
请问 您 反映 的 问题 在 什么 地方
请问 您的 具体 地址 是 哪里
请问 具体 位置 在 哪里
请问 您的 联系 电话 是 多少
请问 您的 电话 号码 是 多少
我的 电话 是 一 {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT}
电话 号码 是 幺 {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT}
您的 工单 编号 是 {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT}
工单 编号 {DIGIT} {DIGIT} {DIGIT} {DIGIT}
我 要 投诉 {TOPIC} 问题
我 要 反映 {TOPIC} 的 问题
我 想 咨询 一下 {TOPIC} 的 问题
我 想 问 一下 {TOPIC} 怎么 办理
我 想 举报 {PLACE} {TOPIC}
我 家 {TOPIC} 了 没有 人 管
我们 {PLACE} {TOPIC} 问题 很 {EMO}
{STREET} {PLACE} 有 {TOPIC} 问题
我 在 {STREET} {ROAD} {NUM} 号 院 {NUM} 号楼 {NUM} 单元 {D19} {DIGIT} {D19} 室
我 住 在 {STREET} {ROAD} {NUM} 号
地址 是 {STREET} {ROAD} {NUM} 号 院 {NUM} 号楼
{ROAD} {NUM} 号 院 {TOPIC}
{ROAD} {PLACE} 有 人 {TOPIC}
{WHEN} {PLACE} {TOPIC} 影响 居民 生活
{WHEN} 开始 {TOPIC} 已经 {NUM} 天 了
已经 {NUM} 天 了 还 没有 解决
{MONTH} {DAY} 开始 的
{MONTH} {DAY} {WHEN} 打 过 电话
从 {MONTH} {DAY} 到 {MONTH} {DAY}
我 {MONTH} {DAY} 反映 过 {TOPIC} 的 问题 没有 人 处理
希望 {DEPT} 尽快 处理
希望 {DEPT} 尽快 解决 {TOPIC} 的 问题
请 {DEPT} 来 看 一下
我们 会 转 给 {DEPT} 处理
您 反映 的 {TOPIC} 问题 我们 已经 记录 会 尽快 转 给 {STREET} 处理
您 反映 的 问题 已经 记录 我们 会 尽快 派单 给 {DEPT}
我 给您 核对 一下 您 在 {STREET} {ROAD} 反映 {TOPIC} 问题 对 吗
{DEPT} 会 在 {NUM} 个 工作日 内 给您 回复
请您 保持 电话 畅通
请您 耐心 等待
工作人员 会 跟 您 联系
这个 {BAN}
这个 问题 {BAN}
我 {BAN}
{BAN}
{BAN} 您 问 {DEPT} 吧
我 也 {BAN} 你 打 {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT}
{TOPIC} 的 事 {BAN}
是 的
对 是 的
好的
嗯 好的
不是 是 {STREET}
我 很 {EMO}
你们 什么 时候 能 解决
什么 时候 能 来
多长 时间 能 处理
能 不能 快 一点
麻烦 您 再说 一遍
对不起 我 没有 听清 请您 再说 一遍
请您 不要 着急 慢慢 说
我 理解 您的 心情
您 对 处理 结果 满意 吗
非常 满意
不满意 没有 解决
请您 对 本次 服务 进行 评价
现在 是 回访 电话 请问 {TOPIC} 的 问题 解决 了 吗
{TOPIC} 归 {DEPT} 管
{PLACE} 的 {TOPIC} 坏 了
{PLACE} 的 {TOPIC} 不亮 了
{TOPIC} 丢失 了 很 危险
{PLACE} {WHEN} {TOPIC} 声音 很 大
{TOPIC} 味道 很 大
费用 太 高 了
收费 标准 是 多少
需要 什么 材料
请您 带 身份证 到 {DEPT} 办理
办理 时间 是 周一 到 周五 {WHEN} {NUM} 点
一共 {NUM} 户 居民
有 老人 和 孩子
""".strip().split("\n")

# Written by hand, so that no single template yields them: the evaluation set that training never sees.
HELD_OUT = """
您好 我 想 投诉 一下 王府井大街 的 停车 问题
最近 小区 门口 一直 有 人 施工 晚上 噪音 很 大
前门街道 胡同 里面 路灯 坏 了 没有 人 管
物业公司 不 处理 漏水 的 事 我 很 生气
建国门街道 井盖 丢失 了 有 老人 和 孩子 很 危险
九月 十五号 打 过 电话 现在 还 没有 解决
不归我管 您 打 热力公司 的 电话 吧
东花市街道 有 违法建设 影响 居民 生活
暖气 不 热 已经 三 天 了 希望 尽快 解决
垃圾 没有 人 管 味道 很 大
请问 社保 怎么 办理 需要 什么 材料
好的 张 女士 您的 问题 我 已经 记录 了 请稍等
这个 我 也 不清楚 你去找别人
我 家 停水 了 从 昨天 晚上 开始
共享单车 占 了 便道 希望 城管 来 看 一下
""".strip().split("\n")


def _dialogue_lines():
    document = yaml.safe_load(DIALOGUES.read_text(encoding="utf-8"))
    lines = [turn["say"] for turn in document["seat_track"]]
    lines += [turn["say"] for dialogue in document["dialogues"] for turn in dialogue["turns"]]
    return sorted(set(lines))


SLOTS = {name: words.split() for name, words in SLOTS.items()}
SENTENCES = TEMPLATES + _dialogue_lines()


def _is_slot(word):
    return word.startswith("{")


VOCABULARY = sorted(
    {word for line in SENTENCES + HELD_OUT for word in line.split() if not _is_slot(word)}
    | {word for words in SLOTS.values() for word in words}
)


def fill(template, rng):
    """The template's words, each slot replaced by one of its words."""
    return [rng.choice(SLOTS[word[1:-1]]) if _is_slot(word) else word for word in template.split()]


def sample(rng):
    """One or two sentences in a row, as a list of words."""
    sentences = 1 if rng.random() < 0.6 else 2
    return [word for _ in range(sentences) for word in fill(rng.choice(SENTENCES), rng)]


if __name__ == "__main__":
    print(len(VOCABULARY), "words,", len(SENTENCES), "sentences")
    for _ in range(8):
        print(" ".join(sample(random.Random())))
